import { describe, expect, it } from "vitest";
import { gateJson, UNFOLD_LIMIT_BYTES } from "./json-gate";

describe("gateJson", () => {
  it("unfolds what is small", () => {
    expect(gateJson('{"a":[1]}')).toEqual({ kind: "tree", value: { a: [1] }, size: 9 });
  });

  it("never parses what is large", () => {
    const gated = gateJson(`"${"x".repeat(UNFOLD_LIMIT_BYTES)}"`);
    expect(gated.kind).toBe("large");
    expect(gated).toMatchObject({ size: UNFOLD_LIMIT_BYTES + 2 });
  });

  it("shows what is no JSON as the text it is", () => {
    expect(gateJson("{oops")).toEqual({ kind: "text", preview: "{oops", size: 5 });
  });
});
