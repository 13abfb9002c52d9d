import { describe, expect, it } from "vitest";
import { nextLink, withQuery } from "./page";

describe("nextLink", () => {
  it("finds the next page among others and keeps path and query only", () => {
    const header =
      '<http://elsewhere:1/api/runs/?cursor=a>; rel="first", </api/runs/?cursor=b&limit=2>; rel="next"';
    expect(nextLink(header)).toBe("/api/runs/?cursor=b&limit=2");
  });

  it("answers null at the end", () => {
    expect(nextLink(null)).toBeNull();
    expect(nextLink('</api/runs/>; rel="prev"')).toBeNull();
  });
});

describe("withQuery", () => {
  it("leaves out what is not set", () => {
    expect(withQuery("/api/runs/", { status: undefined, name: "", limit: 5 })).toBe("/api/runs/?limit=5");
    expect(withQuery("/api/runs/", {})).toBe("/api/runs/");
  });
});
