/** Paths of faults as the server writes them ("payload.items[0].name"), brought to the paths of fields. Pure. */
import type { FieldError } from "@/shared/api/types";

export type FieldErrors = ReadonlyMap<string, string>;

export const NO_ERRORS: FieldErrors = new Map();

/** "items[0].name", "$.items.0.name" and "/items/0/name" are all ["items", "0", "name"]. */
export function parsePath(path: string): string[] {
  return path
    .replace(/^\$/, "")
    .replace(/\[["']?([^\]"']*)["']?\]/g, ".$1")
    .split(/[./]/)
    .filter(Boolean);
}

/** The faults below `root` (such as "payload"), by path within it; "" is the root itself. */
export function errorsBelow(errors: readonly FieldError[], root: string): Map<string, string> {
  const below = new Map<string, string>();
  for (const { field, message } of errors) {
    const path = parsePath(field);
    if (path[0] !== root) continue;
    const key = path.slice(1).join(".");
    below.set(key, below.has(key) ? `${below.get(key)}; ${message}` : message);
  }
  return below;
}

/** The faults that no field shows: those outside `roots`. */
export function errorsElsewhere(errors: readonly FieldError[], roots: readonly string[]): FieldError[] {
  return errors.filter(({ field }) => !roots.includes(parsePath(field)[0] ?? ""));
}

export function joinPath(parent: string, name: string | number): string {
  return parent === "" ? String(name) : `${parent}.${name}`;
}
