/** What an event says about its run, applied to the run that the cache holds. Pure. */
import type { Run, RunError, RunEvent, RunStatus } from "@/shared/api/types";

const STATUS_AFTER: Record<string, RunStatus> = {
  started: "running",
  recovered: "running",
  resumed: "running",
  node_started: "running",
  interrupted: "interrupted",
  sleeping: "sleeping",
  waiting: "waiting",
  paused: "paused",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  quarantined: "quarantined",
};

export const TERMINAL_EVENTS: ReadonlySet<string> = new Set([
  "completed",
  "failed",
  "cancelled",
  "quarantined",
]);

/** They leave the status alone, and change something else that the row says. */
const CHANGES_ROW: ReadonlySet<string> = new Set([
  "queued",
  "child_started",
  "child_ended",
  "migrated",
  "unpaused",
]);

/** Several tasks of a run may wait at once: a question outweighs a signal or a child, these outweigh a time. */
const WAIT_WEIGHT: Partial<Record<RunStatus, number>> = { sleeping: 1, waiting: 2, interrupted: 3 };

/** After these the run's row is worth reading again: they change more than an event tells. */
export function changesHeader(event: RunEvent): boolean {
  return event.event in STATUS_AFTER ? event.event !== "node_started" : CHANGES_ROW.has(event.event);
}

/** The same object when the event changes nothing, so that nothing is drawn again. */
export function patchRun(run: Run, event: RunEvent): Run {
  if (event.seq <= run.last_seq) return run;
  const status = nextStatus(run, event);
  const isStart = event.event === "started" && !run.started_at;
  if (status === run.status && !isStart && !TERMINAL_EVENTS.has(event.event)) return run;
  const patched: Run = { ...run, status, last_seq: event.seq };
  if (status !== run.status) patched.waiting_for = null;
  if (isStart) patched.started_at = event.at;
  if (TERMINAL_EVENTS.has(event.event)) {
    patched.finished_at = event.at;
    patched.error = errorOf(event) ?? run.error;
  }
  return patched;
}

function nextStatus(run: Run, event: RunEvent): RunStatus {
  const status = STATUS_AFTER[event.event];
  if (!status || TERMINAL_EVENTS.has(run.status)) return run.status;
  // A paused run takes answers and stays paused; a node of an interrupted run may still start beside it.
  if (event.event === "node_started" && (run.status === "paused" || run.status === "interrupted"))
    return run.status;
  if (event.event === "resumed" && run.status === "paused") return run.status;
  if ((WAIT_WEIGHT[status] ?? 9) < (WAIT_WEIGHT[run.status] ?? 0)) return run.status;
  return status;
}

function errorOf(event: RunEvent): RunError | null {
  const error = event.data?.error;
  return typeof error === "object" && error !== null && "message" in error ? (error as RunError) : null;
}
