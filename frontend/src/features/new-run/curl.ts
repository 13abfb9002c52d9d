/** The command that does what the form does. Pure. */
import type { CreateRun } from "@/shared/api/types";

export function curlOf(origin: string, body: CreateRun): string {
  return [
    `curl -X POST ${quote(`${origin}/api/runs/`)}`,
    `  -H 'Content-Type: application/json'`,
    `  -d ${quote(JSON.stringify(body))}`,
  ].join(" \\\n");
}

/** As a POSIX shell takes it: nothing is special within single quotes but the quote itself. */
function quote(value: string): string {
  return /^[\w./:@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
