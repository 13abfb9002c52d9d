import { describe, expect, it } from "vitest";
import { changesInbox } from "./changes-inbox";

const event = (name: string, data?: Record<string, unknown>) => ({
  event: name,
  run_id: "r",
  seq: 1,
  at: "2026-01-01T00:00:00Z",
  data: data ?? null,
});

describe("changesInbox", () => {
  it("looks again when something is asked or answered", () => {
    expect(changesInbox(event("interrupted"), [])).toBe(true);
    expect(changesInbox(event("resumed", { interrupt_id: "i" }), [])).toBe(true);
    expect(changesInbox(event("resumed", { interrupt_id: "i", from: "timer" }), [])).toBe(false);
    expect(changesInbox(event("warning", { message: "m", interrupt_id: "i" }), [])).toBe(true);
    expect(changesInbox(event("node_update"), [{ run_id: "r" }])).toBe(false);
  });

  it("looks again when a run ends that has an open question, and only then", () => {
    expect(changesInbox(event("cancelled"), [{ run_id: "r" }])).toBe(true);
    expect(changesInbox(event("completed"), [{ run_id: "other" }])).toBe(false);
  });
});
