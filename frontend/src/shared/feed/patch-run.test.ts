import { describe, expect, it } from "vitest";
import type { Run, RunEvent } from "@/shared/api/types";
import { changesHeader, patchRun } from "./patch-run";

const run: Run = {
  run_id: "r",
  name: "n",
  workflow: "w",
  thread_id: "t",
  status: "queued",
  payload: {},
  result: null,
  error: null,
  tags: [],
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  waiting_for: "no host has w",
  last_seq: 1,
  parent_run_id: null,
  children: [],
  priority: 0,
  kept: false,
  retried_from: null,
  settled_at: null,
};

const event = (name: string, seq: number, data?: Record<string, unknown>): RunEvent => ({
  event: name,
  run_id: "r",
  seq,
  at: "2026-01-01T00:00:05Z",
  data: data ?? null,
});

describe("patchRun", () => {
  it("starts a queued run", () => {
    expect(patchRun(run, event("started", 2))).toMatchObject({
      status: "running",
      started_at: "2026-01-01T00:00:05Z",
      waiting_for: null,
      last_seq: 2,
    });
  });

  it("gives back the same object when nothing changes or the event is old", () => {
    const running: Run = { ...run, status: "running", last_seq: 4 };
    expect(patchRun(running, event("node_update", 5))).toBe(running);
    expect(patchRun(running, event("failed", 3))).toBe(running);
  });

  it("ends a run with its error", () => {
    const error = { type: "ValueError", message: "no", node: "parse", attempt: 1, traceback: "" };
    const failed = patchRun({ ...run, status: "running" }, event("failed", 9, { error }));
    expect(failed).toMatchObject({ status: "failed", error, finished_at: "2026-01-01T00:00:05Z" });
  });

  it("waits for what matters most of all that it waits for", () => {
    const running: Run = { ...run, status: "running" };
    const asked = [event("interrupted", 5), event("waiting", 6), event("sleeping", 7)];
    expect(patchRun(running, event("waiting", 5)).status).toBe("waiting");
    expect(patchRun({ ...run, status: "waiting" }, event("sleeping", 6)).status).toBe("waiting");
    expect(asked.reduce(patchRun, running).status).toBe("interrupted");
    expect(patchRun({ ...run, status: "waiting" }, event("resumed", 9)).status).toBe("running");
  });

  it("reads the row again after a child or a migration", () => {
    const names = ["child_started", "child_ended", "migrated", "waiting", "node_started", "log"];
    expect(names.map((name) => changesHeader(event(name, 9)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("never wakes a run that has ended, and keeps a paused run paused", () => {
    const done: Run = { ...run, status: "completed" };
    expect(patchRun(done, event("node_started", 9)).status).toBe("completed");
    expect(patchRun({ ...run, status: "paused" }, event("resumed", 9)).status).toBe("paused");
  });
});
