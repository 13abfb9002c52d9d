/** What the tasks of a run did, folded from its events in order. Pure. */
import type { RunEvent } from "@/shared/api/types";
import type { StepStatus } from "@/shared/status";
import { pathOf, taskAround } from "../namespace";
import { inTreeOrder } from "./step-order";

export interface Step {
  taskId: string;
  node: string;
  /** Nodes around it, where it belongs to a graph or a function inside a node. */
  path: readonly string[];
  /** False for what a node called: the graph of the workflow does not know it. */
  isOwn: boolean;
  /** The task around it, where the server names one. */
  parentId: string | null;
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
  /** The node that runs in its place after it has failed. */
  handledBy: string | null;
  /** It was not executed: a cache had its result. */
  isCached: boolean;
}

const AFTER_TASK_EVENT: Record<string, StepStatus> = {
  node_update: "completed",
  node_retry: "retrying",
  node_failed: "failed",
  interrupted: "interrupted",
  sleeping: "sleeping",
  waiting: "waiting",
};

const WAITS: ReadonlySet<StepStatus> = new Set(["interrupted", "sleeping", "waiting"]);
const OPEN: ReadonlySet<StepStatus> = new Set(["running", "retrying", ...WAITS]);

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
    this.#snapshot ??= inTreeOrder(this.#steps);
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
      path: pathOf(data.namespace),
      isOwn: typeof data.namespace !== "string",
      parentId: taskAround(data.namespace),
      step: typeof data.step === "number" ? data.step : null,
      attempt: typeof data.attempt === "number" ? data.attempt : 1,
      status: "running",
      startedAt: event.at,
      finishedAt: null,
      durationMs: null,
      progress: null,
      error: null,
      handledBy: null,
      isCached: false,
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
    const isWait = WAITS.has(status);
    const isOver = !isWait && status !== "retrying";
    const taskId = isWait ? this.#runningOf(node, data) : this.#taskOf(node, data);
    if (isWait && taskId !== undefined) this.#waitInside(taskId, status, event.at);
    this.#change(taskId, (step) => ({
      ...step,
      status,
      attempt: typeof data.attempt === "number" && isOver ? data.attempt : step.attempt,
      finishedAt: event.at,
      durationMs: typeof data.duration_ms === "number" ? data.duration_ms : null,
      error: errorText(data) ?? (isOver ? null : step.error),
      progress: null,
      handledBy: typeof data.handled_by === "string" ? data.handled_by : null,
      isCached: data.cached === true,
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
      if (!OPEN.has(step.status) || (WAITS.has(step.status) && at === null)) return;
      this.#steps[place] = { ...step, status, finishedAt: at ?? step.startedAt, progress: null };
      this.#snapshot = null;
    });
    if (at !== null) this.#open.clear();
  }

  /** Waits name no task: the first of its node that still runs is the one. */
  #runningOf(node: string, data: Record<string, unknown>): string | undefined {
    if (typeof data.task_id === "string") return data.task_id;
    return this.#steps.find((step) => step.node === node && step.status === "running")?.taskId;
  }

  /** What runs inside a task that waits is what waits. */
  #waitInside(taskId: string, status: StepStatus, at: string): void {
    this.#steps.forEach((step, place) => {
      if (step.parentId !== taskId || step.status !== "running") return;
      this.#steps[place] = { ...step, status, finishedAt: at };
      this.#waitInside(step.taskId, status, at);
    });
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
