/** What the tasks of a run did, folded from its events in order. Pure. */
import type { RunEvent } from "@/shared/api/types";
import type { StepStatus } from "@/shared/status";

export interface Step {
  taskId: string;
  node: string;
  step: number | null;
  attempt: number;
  status: StepStatus;
  startedAt: string;
  /** Null while it goes on. */
  finishedAt: string | null;
  /** As measured by the server, where it says so. */
  durationMs: number | null;
  progress: { done: number; total: number | null; label: string } | null;
  error: string | null;
}

const AFTER_TASK_EVENT: Record<string, StepStatus> = {
  node_update: "completed",
  node_retry: "retrying",
  node_failed: "failed",
  interrupted: "interrupted",
};

/** What becomes of tasks that are still open when their run ends. */
const AFTER_RUN_EVENT: Record<string, StepStatus> = {
  failed: "failed",
  quarantined: "failed",
  cancelled: "cancelled",
  completed: "completed",
};

export class StepList {
  #steps: Step[] = [];
  #places = new Map<string, number>();
  /** The latest task of a node that has not finished: for events that name no task. */
  #open = new Map<string, string>();
  #snapshot: readonly Step[] | null = [];

  /** The same array until something changed. */
  get steps(): readonly Step[] {
    this.#snapshot ??= [...this.#steps];
    return this.#snapshot;
  }

  apply(event: RunEvent): void {
    const data = event.data ?? {};
    const node = event.node ?? "";
    const settled = AFTER_TASK_EVENT[event.event];
    const ended = AFTER_RUN_EVENT[event.event];
    if (event.event === "node_started") this.#start(event, node, data);
    else if (event.event === "progress") this.#progress(node, data);
    else if (settled) this.#settle(event, node, settled, data);
    else if (event.event === "recovered") this.#closeOpen(null, "lost");
    else if (ended) this.#closeOpen(event.at, ended);
  }

  #start(event: RunEvent, node: string, data: Record<string, unknown>): void {
    const taskId = typeof data.task_id === "string" ? data.task_id : `${node}:${event.seq}`;
    const begun: Step = {
      taskId,
      node,
      step: typeof data.step === "number" ? data.step : null,
      attempt: typeof data.attempt === "number" ? data.attempt : 1,
      status: "running",
      startedAt: event.at,
      finishedAt: null,
      durationMs: null,
      progress: null,
      error: null,
    };
    const place = this.#places.get(taskId);
    if (place === undefined) {
      this.#places.set(taskId, this.#steps.length);
      this.#steps.push(begun);
    } else {
      this.#steps[place] = begun;
    }
    this.#open.set(node, taskId);
    this.#snapshot = null;
  }

  #settle(event: RunEvent, node: string, status: StepStatus, data: Record<string, unknown>): void {
    const isOver = status !== "interrupted" && status !== "retrying";
    this.#change(this.#taskOf(node, data), (step) => ({
      ...step,
      status,
      attempt: typeof data.attempt === "number" && isOver ? data.attempt : step.attempt,
      finishedAt: event.at,
      durationMs: typeof data.duration_ms === "number" ? data.duration_ms : null,
      error: errorText(data) ?? (isOver ? null : step.error),
      progress: null,
    }));
    if (isOver) this.#open.delete(node);
  }

  #progress(node: string, data: Record<string, unknown>): void {
    if (typeof data.done !== "number") return;
    const { done } = data;
    const total = typeof data.total === "number" ? data.total : null;
    const label = typeof data.label === "string" ? data.label : "";
    this.#change(this.#taskOf(node, data), (step) => ({ ...step, progress: { done, total, label } }));
  }

  #closeOpen(at: string | null, status: StepStatus): void {
    this.#steps.forEach((step, place) => {
      if (step.status !== "running" && step.status !== "retrying" && step.status !== "interrupted") return;
      if (step.status === "interrupted" && at === null) return;
      this.#steps[place] = { ...step, status, finishedAt: at ?? step.startedAt, progress: null };
      this.#snapshot = null;
    });
    if (at !== null) this.#open.clear();
  }

  #taskOf(node: string, data: Record<string, unknown>): string | undefined {
    return typeof data.task_id === "string" ? data.task_id : this.#open.get(node);
  }

  #change(taskId: string | undefined, change: (step: Step) => Step): void {
    const place = taskId === undefined ? undefined : this.#places.get(taskId);
    const step = place === undefined ? undefined : this.#steps[place];
    if (place === undefined || !step) return;
    this.#steps[place] = change(step);
    this.#snapshot = null;
  }
}

function errorText(data: Record<string, unknown>): string | null {
  const error = data.error;
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return typeof error === "string" ? error : null;
}

/** A node's state in the graph: what most needs a look wins, then the latest. */
const WEIGHT: Record<StepStatus, number> = {
  interrupted: 6,
  running: 5,
  retrying: 4,
  failed: 3,
  lost: 2,
  cancelled: 1,
  completed: 0,
};

export function nodeStates(
  steps: readonly Step[],
  runStatus?: string,
): Map<string, { status: StepStatus; count: number }> {
  const states = new Map<string, { status: StepStatus; count: number }>();
  for (const { node, status } of steps) {
    const known = states.get(node);
    const wins = !known || WEIGHT[status] >= WEIGHT[known.status];
    states.set(node, { status: wins ? status : known.status, count: (known?.count ?? 0) + 1 });
  }
  if (runStatus === "completed") states.set("__end__", { status: "completed", count: 1 });
  return states;
}
