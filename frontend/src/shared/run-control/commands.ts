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
  delete: rule("operate", ENDED),
};

export const RUN_COMMANDS = Object.keys(RULES) as RunCommand[];

/** These are done at once: they can be undone by a second click. */
export const AT_ONCE: ReadonlySet<RunCommand> = new Set(["pause", "unpause"]);

export function commandsFor(run: Pick<Run, "status">, may: (role: Role) => boolean): RunCommand[] {
  return RUN_COMMANDS.filter((command) => {
    const { role, statuses } = RULES[command];
    return statuses.has(run.status) && may(role);
  });
}
