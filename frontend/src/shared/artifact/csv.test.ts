import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv";

describe("parseCsv", () => {
  it("reads header and rows", () => {
    expect(parseCsv("a,b\n1,2\r\n3,4\n", 10)).toEqual({
      header: ["a", "b"],
      rows: [
        ["1", "2"],
        ["3", "4"],
      ],
      total: 2,
    });
  });

  it("keeps separators, quotes and line breaks inside quotes", () => {
    expect(parseCsv('a,b\n"x, ""y""","1\n2"', 10).rows).toEqual([['x, "y"', "1\n2"]]);
  });

  it("finds tabs and semicolons, and drops a byte order mark", () => {
    expect(parseCsv("\ufeffa\tb\n1\t2", 10).header).toEqual(["a", "b"]);
    expect(parseCsv("a;b\n1;2", 10).rows).toEqual([["1", "2"]]);
  });

  it("counts all rows and keeps the first ones", () => {
    const table = parseCsv(`n\n${Array.from({ length: 50 }, (_, i) => i).join("\n")}`, 3);
    expect(table).toEqual({ header: ["n"], rows: [["0"], ["1"], ["2"]], total: 50 });
  });

  it("ends with a quote that is never closed", () => {
    expect(parseCsv('a\n"open', 10).rows).toEqual([["open"]]);
  });

  it("is empty for an empty text", () => {
    expect(parseCsv("", 10)).toEqual({ header: [], rows: [], total: 0 });
  });
});
