/** What can be done to a run, in which status, and which role it takes. Pure; the server has the last word. */
import type { Role, Run, RunStatus } from "@/shared/api/types";

export type RunCommand =
  | "pause"
  | "unpause"
  | "cancel"
  | "terminate"
  | "retry"
  | "fork"
  | "quarantine"
  | "release"
  | "discard"
  | "keep"
  | "unkeep"
  | "delete";

interface Rule {
  role: Role;
  statuses: ReadonlySet<RunStatus>;
}

const MOVING: readonly RunStatus[] = ["queued", "running", "interrupted", "sleeping", "waiting"];
const OPEN: readonly RunStatus[] = [...MOVING, "paused"];
const STOPPED: readonly RunStatus[] = ["failed", "cancelled", "quarantined"];
const ENDED: readonly RunStatus[] = ["completed", ...STOPPED];

const rule = (role: Role, statuses: readonly RunStatus[]): Rule => ({ role, statuses: new Set(statuses) });

/** In the order they are listed: what is undone easily first, what can't be undone last. */
const RULES: Record<RunCommand, Rule> = {
  unpause: rule("run", ["paused"]),
  pause: rule("run", MOVING),
  retry: rule("run", STOPPED),
  fork: rule("run", [...OPEN, ...ENDED]),
  release: rule("operate", ["queued", "running"]),
  quarantine: rule("operate", OPEN),
  cancel: rule("run", OPEN),
  terminate: rule("operate", OPEN),
  discard: rule("run", ["failed", "quarantined"]),
  keep: rule("operate", [...OPEN, ...ENDED]),
  unkeep: rule("operate", [...OPEN, ...ENDED]),
  delete: rule("operate", ENDED),
};

const RUN_COMMANDS = Object.keys(RULES) as RunCommand[];

/** These are done at once: they can be undone by a second click. */
export const AT_ONCE: ReadonlySet<RunCommand> = new Set(["pause", "unpause", "keep", "unkeep"]);

/** What of a run decides about it. `settled_at`: somebody has seen to its bad end, by a retry or by discarding it. */
export type Standing = Pick<Run, "status" | "kept" | "settled_at">;

export function commandsFor(run: Standing, may: (role: Role) => boolean): RunCommand[] {
  return RUN_COMMANDS.filter((command) => {
    const { role, statuses } = RULES[command];
    return statuses.has(run.status) && !isMoot(command, run) && may(role);
  });
}

function isMoot(command: RunCommand, { kept, settled_at }: Standing): boolean {
  if (command === "keep" || command === "delete") return kept;
  if (command === "unkeep") return !kept;
  return command === "discard" && settled_at !== null;
}
