/** How an artifact can be shown, told from its media type and, where that says nothing, its name. Pure. */
export type PreviewKind = "image" | "json" | "csv" | "markdown" | "text" | "none";

/** More text than this is cut; a table shows fewer rows anyway. */
export const TEXT_LIMIT_BYTES = 256 * 1024;
export const IMAGE_LIMIT_BYTES = 32 * 1024 * 1024;

const BY_SUFFIX: Record<string, PreviewKind> = {
  json: "json",
  csv: "csv",
  tsv: "csv",
  md: "markdown",
  markdown: "markdown",
  txt: "text",
  log: "text",
  py: "text",
  yaml: "text",
  yml: "text",
  toml: "text",
  jsonl: "text",
  ndjson: "text",
};

export function previewKind(mediaType: string, name: string): PreviewKind {
  const type = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (/^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/.test(type)) return "image";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (type === "text/csv" || type === "text/tab-separated-values") return "csv";
  if (type === "text/markdown" || type === "text/x-markdown") return "markdown";
  const bySuffix = BY_SUFFIX[name.split(".").pop()?.toLowerCase() ?? ""];
  if (type === "text/plain" || type === "application/octet-stream" || type === "") {
    return bySuffix ?? (type === "text/plain" ? "text" : "none");
  }
  return type.startsWith("text/") || type === "application/x-ndjson" || type === "application/xml"
    ? "text"
    : "none";
}

export function artifactUrl(artifactId: string): string {
  return `/api/artifacts/${encodeURIComponent(artifactId)}`;
}
