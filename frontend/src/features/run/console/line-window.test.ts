import { describe, expect, it } from "vitest";
import { LINE_HEIGHT, topFor, windowOf } from "./line-window";

const height = 30 * LINE_HEIGHT;

describe("windowOf", () => {
  it("draws what is in view and a little more, never all", () => {
    expect(windowOf({ top: 0, height }, 100_000)).toEqual({ from: 0, to: 42 });
    expect(windowOf({ top: 50_000 * LINE_HEIGHT, height }, 100_000)).toEqual({ from: 49_988, to: 50_042 });
  });

  it("ends with the lines, also where the view is scrolled beyond them", () => {
    expect(windowOf({ top: 0, height }, 3)).toEqual({ from: 0, to: 3 });
    expect(windowOf({ top: 9_000, height }, 10)).toEqual({ from: 10, to: 10 });
    expect(windowOf({ top: 0, height: 0 }, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe("topFor", () => {
  const view = { top: 100 * LINE_HEIGHT, height };
  it("leaves alone what is in view", () => {
    expect(topFor(110, view, false)).toBeNull();
  });
  it("goes no further than it must", () => {
    expect(topFor(90, view, false)).toBe(90 * LINE_HEIGHT);
    expect(topFor(130, view, false)).toBe(101 * LINE_HEIGHT);
  });
  it("puts a line into the middle", () => {
    expect(topFor(0, view, true)).toBe(0);
    expect(topFor(500, view, true)).toBe(500 * LINE_HEIGHT - (height - LINE_HEIGHT) / 2);
  });
});
