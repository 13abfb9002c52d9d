import { describe, expect, it } from "vitest";
import { piecesOf } from "./ansi";

describe("piecesOf", () => {
  it("leaves plain text alone, markup included", () => {
    expect(piecesOf("<b>x</b> & y")).toEqual([{ text: "<b>x</b> & y", className: "" }]);
  });

  it("gives colours and weight as tokens and escapes nothing twice", () => {
    expect(piecesOf("\u001b[31m<i>no</i>\u001b[0m ok")).toEqual([
      { text: "<i>no</i>", className: "text-bad" },
      { text: " ok", className: "" },
    ]);
    expect(piecesOf("\u001b[1;92myes")[0]).toEqual({ text: "yes", className: "text-good font-bold" });
  });

  it("shows what a carriage return left standing", () => {
    expect(piecesOf("10%\r50%\r100%\r")).toEqual([{ text: "100%", className: "" }]);
  });
});
