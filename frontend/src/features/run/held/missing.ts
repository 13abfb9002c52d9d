/** What a held run misses in its workflow, read from the server's own sentence. Pure. */
export interface Missing {
  what: "node" | "key";
  name: string;
}

const HELD = /^Workflow '[^']+' has changed\b/;
const GONE = /has no (node|key) '([^']+)' any more/g;

/** Null where a run is not held; an empty list where it is for another reason. */
export function missingIn(waitingFor: string | null): Missing[] | null {
  if (!waitingFor || !HELD.test(waitingFor)) return null;
  return [...waitingFor.matchAll(GONE)].map(([, what, name = ""]) => ({
    what: what === "key" ? "key" : "node",
    name,
  }));
}

/** The command that mends it; what stands in capitals is for a person to fill in. */
export function mendingCommand(workflow: string, runId: string, missing: readonly Missing[]): string {
  const places = missing.map(({ what, name }) => `--${what} ${name}=NEW_${what.toUpperCase()}`);
  return ["fastgraph workflows migrate", workflow, "--run", runId, ...places].join(" ");
}

/** What is chosen for each missing name: another name, null to drop it; undefined stays unsaid. */
export type Places = Record<string, string | null | undefined>;

export function placesOf(missing: readonly Missing[], chosen: Places, what: Missing["what"]) {
  const said: Record<string, string | null> = {};
  for (const { what: kind, name } of missing) {
    const place = chosen[`${kind} ${name}`];
    if (kind === what && place !== undefined) said[name] = place;
  }
  return said;
}
