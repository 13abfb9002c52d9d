import { describe, expect, it } from "vitest";
import type { RunEvent } from "@/shared/api/types";
import { nodeStates } from "./node-states";
import { StepList } from "./step-list";

let seq = 0;
const event = (name: string, node?: string, data?: Record<string, unknown>): RunEvent => ({
  event: name,
  run_id: "r",
  seq: ++seq,
  at: `2026-01-01T00:00:${String(seq % 60).padStart(2, "0")}Z`,
  node: node ?? null,
  data: data ?? null,
});

function fold(...events: RunEvent[]) {
  const list = new StepList();
  for (const each of events) list.apply(each);
  return list.steps;
}

describe("StepList", () => {
  it("follows a task from start to end", () => {
    const [step] = fold(
      event("node_started", "parse", { task_id: "t", attempt: 1, step: 1 }),
      event("node_update", "parse", { task_id: "t", attempt: 1, duration_ms: 12, update: {} }),
    );
    expect(step).toMatchObject({ node: "parse", status: "completed", attempt: 1, durationMs: 12, step: 1 });
  });

  it("counts attempts of one task in one row", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "t", attempt: 1 }),
      event("node_retry", "a", { task_id: "t", error: { message: "no" } }),
      event("node_started", "a", { task_id: "t", attempt: 2 }),
    );
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ status: "running", attempt: 2 });
  });

  it("keeps tasks of one node apart", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_started", "a", { task_id: "2" }),
      event("node_update", "a", { task_id: "1" }),
    );
    expect(steps.map((step) => step.status)).toEqual(["completed", "running"]);
  });

  it("shows tasks that were lost with their host, and then their next attempt", () => {
    const started = [event("node_started", "a", { task_id: "1", attempt: 1 }), event("recovered")];
    expect(fold(...started)[0]?.status).toBe("lost");
    expect(fold(...started, event("node_started", "a", { task_id: "1", attempt: 2 }))[0]).toMatchObject({
      status: "running",
      attempt: 2,
    });
  });

  it("leaves nothing running when the run has ended", () => {
    const steps = fold(event("node_started", "a", { task_id: "1" }), event("cancelled"));
    expect(steps[0]?.status).toBe("cancelled");
    expect(steps[0]?.finishedAt).not.toBeNull();
  });

  it("works with events that name no task", () => {
    const steps = fold(
      event("node_started", "a"),
      event("progress", "a", { done: 1, total: 2 }),
      event("node_update", "a"),
    );
    expect(steps[0]).toMatchObject({ status: "completed", progress: null });
  });

  it("tells tasks that wait, one after the other, though their events name none", () => {
    const steps = fold(
      event("node_started", "m", { task_id: "1" }),
      event("node_started", "m", { task_id: "2" }),
      event("waiting", "m", { for: "child", name: "c1" }),
      event("sleeping", "m", { until: "2026-01-02T00:00:00Z" }),
    );
    expect(steps.map((step) => step.status)).toEqual(["waiting", "sleeping"]);
    expect(
      fold(event("node_started", "m", { task_id: "1" }), event("waiting", "m"), event("cancelled"))[0],
    ).toMatchObject({
      status: "cancelled",
    });
  });

  it("puts what a node called behind it, with its path", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_started", "b", { task_id: "2" }),
      event("node_started", "inner", { task_id: "3", namespace: "a:1" }),
      event("node_started", "deep", { task_id: "4", namespace: "a:1|inner:3" }),
      event("node_update", "deep", { task_id: "4", namespace: "a:1|inner:3", cached: true }),
    );
    expect(steps.map(({ node, path }) => [node, path.length])).toEqual([
      ["a", 0],
      ["inner", 1],
      ["deep", 2],
      ["b", 0],
    ]);
    expect(steps[2]).toMatchObject({ isCached: true, status: "completed", isOwn: false });
  });

  it("lets what is inside wait with the task around it", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_started", "ask", { task_id: "2", namespace: "a:1" }),
      event("interrupted", "a", { interrupt_id: "i" }),
    );
    expect(steps.map((step) => step.status)).toEqual(["interrupted", "interrupted"]);
  });

  it("says who handles a failure", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_failed", "a", { task_id: "1", error: { message: "no" }, handled_by: "mend" }),
    );
    expect(steps[0]).toMatchObject({ status: "failed", error: "no", handledBy: "mend" });
  });

  it("gives the same array until something changes", () => {
    const list = new StepList();
    list.apply(event("node_started", "a", { task_id: "1" }));
    const before = list.steps;
    list.apply(event("log", "a", { message: "x" }));
    expect(list.steps).toBe(before);
    list.apply(event("node_update", "a", { task_id: "1" }));
    expect(list.steps).not.toBe(before);
  });
});

describe("nodeStates", () => {
  it("lets a question win over what is done, and counts", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_started", "a", { task_id: "2" }),
      event("interrupted", "a", { task_id: "1" }),
      event("node_update", "a", { task_id: "2" }),
    );
    expect(nodeStates(steps).get("a")).toEqual({ status: "interrupted", count: 2 });
  });

  it("leaves out what nodes called", () => {
    const steps = fold(
      event("node_started", "a", { task_id: "1" }),
      event("node_started", "a", { task_id: "2", namespace: "a:1" }),
    );
    expect(nodeStates(steps).get("a")).toEqual({ status: "running", count: 1 });
  });
});
