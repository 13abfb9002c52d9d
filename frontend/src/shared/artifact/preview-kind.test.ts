import { expect, it } from "vitest";
import { previewKind } from "./preview-kind";

it.each([
  ["text/markdown; charset=utf-8", "report", "markdown"],
  ["text/plain", "report.md", "markdown"],
  ["application/octet-stream", "rows.csv", "csv"],
  ["application/octet-stream", "model.bin", "none"],
  ["application/vnd.api+json", "x", "json"],
  ["image/png", "matrix", "image"],
  ["text/html", "page.html", "text"],
  ["application/pdf", "paper.pdf", "none"],
  ["text/plain", "notes", "text"],
])("shows %s named %s as %s", (type, name, kind) => {
  expect(previewKind(type, name)).toBe(kind);
});
