import { describe, expect, it } from "vitest";
import { clockTime, fullTime } from "@/shared/time";
import { lineOf } from "./line";

const AT = "2026-01-01T00:00:00Z";
const say = (event: string, data: Record<string, unknown>) =>
  lineOf({ event, run_id: "r", seq: 1, at: AT, node: "n", data }).text;

describe("lineOf", () => {
  it("says in words what a run waits for and what came", () => {
    expect(say("sleeping", { until: AT })).toBe(`sleeps until ${clockTime(AT)}`);
    const later = "2026-01-04T00:00:00Z";
    expect(say("sleeping", { until: later })).toBe(`sleeps until ${fullTime(later)}`);
    expect(say("waiting", { for: "signal", name: "paid", until: null })).toBe("waits for signal paid");
    expect(say("waiting", { for: "child", name: "r2" })).toBe("waits for child run r2");
    expect(say("signal", { name: "paid", number: 1, body: { cents: 1 } })).toBe(
      'signal paid came {"cents":1}',
    );
    expect(say("resumed", { interrupt_id: "i" })).toBe("has its answer");
    expect(say("resumed", { interrupt_id: "i", from: "timer" })).toBe("wakes up");
  });

  it("says why a run was paused and unpaused, if somebody said so", () => {
    expect(say("paused", { reason: "wait for the disk" })).toBe("paused wait for the disk");
    expect(say("unpaused", {})).toBe("unpaused");
  });

  it("tells of children and migrations", () => {
    expect(say("child_started", { run_id: "c", workflow: "town" })).toBe("started a run of town c");
    expect(say("child_ended", { run_id: "c", status: "failed" })).toBe("child run c has failed");
    expect(
      say("migrated", { graph_hash: "abcdefabcdefff", nodes: { review: "check" }, keys: { x: null } }),
    ).toBe("goes on with version abcdefabcdef review → check without x");
  });

  it("says where a nested task stands, who handles a failure, and what a cache gave", () => {
    expect(say("node_started", { namespace: "editing:t|review:u", step: 1 })).toBe(
      "started  step 1  in editing › review",
    );
    expect(say("node_failed", { error: { type: "E", message: "no" }, handled_by: "mend" })).toBe(
      "node failed  E: no  handled by mend",
    );
    expect(say("node_update", { cached: true, update: { a: 1 } })).toBe("done  from the cache  wrote a");
  });

  it("names the logger of a line, but not of what was printed", () => {
    expect(say("log", { level: "info", message: "GET /", logger: "httpx" })).toBe("httpx:  GET /");
    expect(say("log", { level: "info", message: "hello", logger: "stdout" })).toBe("hello");
  });
});
