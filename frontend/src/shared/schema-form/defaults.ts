/** The value a field begins with, and which of several variants a value belongs to. Pure. */
import { isObject, type JsonSchema, readField, resolve } from "./schema";

const MAX_DEPTH = 6;

/** Undefined where nothing is to be sent: an optional field without a default is left out, as in the API. */
export function initialValue(schema: JsonSchema, root: JsonSchema, isRequired: boolean, depth = 0): unknown {
  const { schema: resolved, field, isNullable } = readField(schema, root);
  if (resolved.default !== undefined) return structuredClone(resolved.default);
  if (!isRequired || depth > MAX_DEPTH) return undefined;
  if (isNullable) return null;
  switch (field.kind) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "array":
      return [];
    case "map":
      return {};
    case "choice":
      return field.values[0];
    case "object":
      return initialObject(field.properties, field.required, root, depth);
    case "variants":
      return field.variants[0] ? initialValue(field.variants[0], root, true, depth + 1) : undefined;
    default:
      return undefined;
  }
}

function initialObject(
  properties: [string, JsonSchema][],
  required: ReadonlySet<string>,
  root: JsonSchema,
  depth: number,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, schema] of properties) {
    const initial = initialValue(schema, root, required.has(name), depth + 1);
    if (initial !== undefined) value[name] = initial;
  }
  return value;
}

/** The first value of a list item or a map entry: never undefined, or it would vanish from the JSON. */
export function initialItem(schema: JsonSchema, root: JsonSchema): unknown {
  return initialValue(schema, root, true) ?? (readField(schema, root).field.kind === "number" ? 0 : null);
}

/** Which variant a value looks like; 0 where none fits. */
export function variantOf(value: unknown, variants: readonly JsonSchema[], root: JsonSchema): number {
  const scores = variants.map((variant) => likeness(value, resolve(variant, root), root));
  return Math.max(0, scores.indexOf(Math.max(...scores)));
}

function likeness(value: unknown, schema: JsonSchema, root: JsonSchema): number {
  if ("const" in schema) return schema.const === value ? 10 : -10;
  if (schema.enum) return schema.enum.includes(value) ? 10 : -10;
  if (schema.type === undefined || !matchesType(value, schema.type))
    return schema.type === undefined ? 0 : -10;
  if (!isObject(value) || !schema.properties) return schema.type === "integer" ? 2 : 1;
  let score = 1;
  for (const [name, property] of Object.entries(schema.properties)) {
    const resolved = resolve(property, root);
    if (name in value) score += "const" in resolved ? likeness(value[name], resolved, root) : 1;
    else if (schema.required?.includes(name)) score -= 2;
  }
  return score;
}

function matchesType(value: unknown, type: string | string[]): boolean {
  const types = Array.isArray(type) ? type : [type];
  return types.some((name) => {
    if (name === "null") return value === null;
    if (name === "array") return Array.isArray(value);
    if (name === "object") return isObject(value);
    if (name === "integer") return Number.isInteger(value);
    return typeof value === name;
  });
}
