/** What an event says about its run, applied to the run that the cache holds. Pure. */
import type { Run, RunError, RunEvent, RunStatus } from "@/shared/api/types";

const STATUS_AFTER: Record<string, RunStatus> = {
  started: "running",
  recovered: "running",
  resumed: "running",
  node_started: "running",
  interrupted: "interrupted",
  sleeping: "sleeping",
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

/** After these the run's row is worth reading again: they change more than an event tells. */
export function changesHeader(event: RunEvent): boolean {
  return event.event in STATUS_AFTER ? event.event !== "node_started" : event.event === "queued";
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
  return status;
}

function errorOf(event: RunEvent): RunError | null {
  const error = event.data?.error;
  return typeof error === "object" && error !== null && "message" in error ? (error as RunError) : null;
}
