import { describe, expect, it } from "vitest";
import type { RunEvent } from "@/shared/api/types";
import { FilteredLines, LineBuffer } from "./line-buffer";

const log = (seq: number, message: string, level = "info", node = "n"): RunEvent => ({
  event: "log",
  run_id: "r",
  seq,
  at: "2026-01-01T00:00:00Z",
  node,
  data: { level, message },
});

const token = (seq: number, text: string, node = "n"): RunEvent => ({
  ...log(seq, ""),
  event: "token",
  node,
  data: { text },
});
const progress = (seq: number, done: number): RunEvent => ({
  ...log(seq, ""),
  event: "progress",
  data: { done, total: 10, label: "files" },
});

function texts(buffer: LineBuffer, view: FilteredLines): string[] {
  view.update();
  return Array.from({ length: view.length }, (_, place) => buffer.at(view.numberAt(place))?.text ?? "");
}

const all = { level: "all", search: "", node: "" } as const;

describe("LineBuffer", () => {
  it("keeps the last lines and forgets the oldest", () => {
    const buffer = new LineBuffer(3);
    for (let seq = 1; seq <= 5; seq++) buffer.append(log(seq, `m${seq}`));
    expect(texts(buffer, new FilteredLines(buffer, all))).toEqual(["m3", "m4", "m5"]);
    expect(buffer.first).toBe(2);
    expect(buffer.at(1)).toBeUndefined();
  });

  it("goes on with tokens of the same node, and begins anew after a line break or another node", () => {
    const buffer = new LineBuffer();
    [token(1, "hel"), token(2, "lo\n"), token(3, "again"), token(4, "x", "other")].forEach((e) => {
      buffer.append(e);
    });
    expect(texts(buffer, new FilteredLines(buffer, all))).toEqual(["hello\n", "again", "x"]);
    expect(buffer.at(0)).toMatchObject({ seqFrom: 1, seq: 2 });
  });

  it("shows progress as one line that moves", () => {
    const buffer = new LineBuffer();
    for (let done = 1; done <= 10; done++) buffer.append(progress(done, done));
    expect(buffer.size).toBe(1);
    expect(buffer.at(0)).toMatchObject({ seqFrom: 1, seq: 10 });
    expect(buffer.at(0)?.text).toContain("100%");
  });
});

describe("FilteredLines", () => {
  it("follows the buffer line by line as it grows and forgets", () => {
    const buffer = new LineBuffer(50);
    const view = new FilteredLines(buffer, { ...all, search: "even" });
    for (let seq = 1; seq <= 200; seq++) {
      buffer.append(log(seq, seq % 2 ? `odd ${seq}` : `even ${seq}`));
      if (seq % 7 === 0) view.update();
    }
    const expected = Array.from({ length: 25 }, (_, i) => `even ${152 + 2 * i}`);
    expect(texts(buffer, view)).toEqual(expected);
  });

  it("looks again at a line that tokens have gone on with", () => {
    const buffer = new LineBuffer();
    const view = new FilteredLines(buffer, { ...all, search: "needle" });
    buffer.append(token(1, "nee"));
    expect(texts(buffer, view)).toEqual([]);
    buffer.append(token(2, "dle"));
    expect(texts(buffer, view)).toEqual(["needle"]);
    expect(texts(buffer, view)).toEqual(["needle"]);
  });

  it("filters by level, by node and to output only", () => {
    const buffer = new LineBuffer();
    buffer.append(log(1, "fine"));
    buffer.append(log(2, "careful", "WARNING"));
    buffer.append(log(3, "broken", "critical", "m"));
    buffer.append({ ...log(4, ""), event: "node_started", data: { attempt: 1 } });
    const view = (filter: object) => texts(buffer, new FilteredLines(buffer, { ...all, ...filter }));
    expect(view({ level: "warning" })).toEqual(["careful", "broken"]);
    expect(view({ level: "error" })).toEqual(["broken"]);
    expect(view({ node: "m" })).toEqual(["broken"]);
    expect(view({ level: "logs" })).toEqual(["fine", "careful", "broken"]);
  });

  it("finds the place of an event, also inside a folded line", () => {
    const buffer = new LineBuffer();
    [log(1, "a"), token(2, "x"), token(3, "y"), log(4, "b")].forEach((e) => {
      buffer.append(e);
    });
    const view = new FilteredLines(buffer, all);
    expect([1, 2, 3, 4, 9].map((seq) => view.placeOf(seq))).toEqual([0, 1, 1, 2, 3]);
  });
});
