/** Where a task of a graph inside a node stands: `node:task_id`, nested by `|`, further calls in one node `|1`, `|2`. Pure. */

/** Names of the nodes that lead there, outermost first; empty for the run's own tasks. */
export function pathOf(namespace: unknown): string[] {
  if (typeof namespace !== "string" || namespace === "") return [];
  return namespace
    .split("|")
    .filter((part) => part !== "" && !/^\d+$/.test(part))
    .map((part) => part.slice(0, part.lastIndexOf(":") + 1 || undefined).replace(/:$/, ""));
}

export function pathText(namespace: unknown): string {
  return pathOf(namespace).join(" › ");
}

/** The id of the task around it, innermost; null where the namespace names none. */
export function taskAround(namespace: unknown): string | null {
  if (typeof namespace !== "string") return null;
  const inner = namespace.split("|").findLast((part) => part.includes(":"));
  return inner ? inner.slice(inner.lastIndexOf(":") + 1) : null;
}
