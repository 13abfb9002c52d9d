import { describe, expect, it } from "vitest";
import type { Page } from "@/shared/api/page";
import type { Run, RunStatus } from "@/shared/api/types";
import { mergeHead, patchPages } from "./run-pages";

const run = (number: number, status: RunStatus = "running"): Run => ({
  run_id: `r${number}`,
  name: `run ${number}`,
  workflow: "w",
  thread_id: "t",
  status,
  payload: {},
  result: null,
  error: null,
  tags: [],
  created_at: `2026-01-01T00:00:${String(number).padStart(2, "0")}Z`,
  started_at: null,
  finished_at: null,
  waiting_for: null,
  last_seq: 2,
  parent_run_id: null,
  children: [],
  priority: 0,
  kept: false,
  retried_from: null,
  settled_at: null,
});

const page = (items: Run[], next: string | null = null): Page<Run> => ({ items, next, total: items.length });
const ids = (pages: Page<Run>[]) => pages.map(({ items }) => items.map(({ run_id }) => run_id));
const completed = (runId: string) => ({
  event: "completed",
  run_id: runId,
  seq: 9,
  at: "2026-01-01T00:01:00Z",
});

describe("patchPages", () => {
  const data = { pages: [page([run(4), run(3)], "n"), page([run(2), run(1)])], pageParams: [] };

  it("writes an event into its run, on whichever page it is", () => {
    const patched = patchPages(data, [completed("r2")], {});
    expect(patched.pages[1]?.items[0]?.status).toBe("completed");
    expect(patched.pages[0]).toBe(data.pages[0]);
  });

  it("lets a run leave that no longer matches the filter", () => {
    expect(ids(patchPages(data, [completed("r3")], { status: "running" }).pages)).toEqual([
      ["r4"],
      ["r2", "r1"],
    ]);
  });

  it("gives back the same object when no run is concerned", () => {
    expect(patchPages(data, [completed("elsewhere")], {})).toBe(data);
  });
});

describe("mergeHead", () => {
  it("puts new runs in front and keeps what lies beyond the head", () => {
    const data = { pages: [page([run(4), run(3), run(2)], "n"), page([run(1)])], pageParams: [] };
    const merged = mergeHead(data, page([run(6), run(5), run(4, "completed")], "h"));
    expect(ids(merged.pages)).toEqual([["r6", "r5", "r4", "r3", "r2"], ["r1"]]);
    expect(merged.pages[0]?.items[2]?.status).toBe("completed");
    expect(merged.pages[0]?.next).toBe("n");
  });

  it("drops a deleted run within the head", () => {
    const data = { pages: [page([run(3), run(2), run(1)])], pageParams: [] };
    expect(ids(mergeHead(data, page([run(3), run(1)])).pages)).toEqual([["r3", "r1"]]);
  });
});
