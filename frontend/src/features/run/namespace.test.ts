import { describe, expect, it } from "vitest";
import { pathOf, pathText, taskAround } from "./namespace";

describe("a namespace", () => {
  it("tells the nodes that lead there", () => {
    expect(pathOf("editing:t1|review:t2|1")).toEqual(["editing", "review"]);
    expect(pathText("editing:t1|review:t2")).toBe("editing › review");
    expect(pathOf("")).toEqual([]);
    expect(pathOf(undefined)).toEqual([]);
    expect(pathOf("plain")).toEqual(["plain"]);
  });

  it("names the task around it", () => {
    expect(taskAround("editing:t1|review:t2|1")).toBe("t2");
    expect(taskAround("")).toBeNull();
    expect(taskAround(undefined)).toBeNull();
  });
});
