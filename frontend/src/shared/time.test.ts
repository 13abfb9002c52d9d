import { describe, expect, it } from "vitest";
import { ago, bytes, duration } from "./time";

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [0.4, "<1 ms"],
    [8.4, "8 ms"],
    [1_234, "1.23 s"],
    [12_340, "12.3 s"],
    [184_000, "3 m 04 s"],
    [7_500_000, "2 h 05 m"],
    [356_400_000, "4 d 03 h"],
    [-5, "0 ms"],
  ])("reads %d ms as %s", (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KB"],
    [20 * 1024 * 1024, "20 MB"],
  ])("reads %d as %s", (count, expected) => {
    expect(bytes(count)).toBe(expected);
  });
});

describe("ago", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  it("is now for the last moment and for a server whose clock is ahead", () => {
    expect(ago("2026-01-01T23:59:59Z", now)).toBe("now");
    expect(ago("2026-01-02T00:05:00Z", now)).toBe("now");
  });
  it("counts in the largest whole unit", () => {
    expect(ago("2026-01-01T23:58:30Z", now)).toMatch(/^1\s?m/);
    expect(ago("2026-01-01T20:00:00Z", now)).toMatch(/^4\s?h/);
  });
});
