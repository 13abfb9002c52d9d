/** JSON is unfolded up to a size; above it a page would freeze. Pure. */
export const UNFOLD_LIMIT_BYTES = 256 * 1024;
const PREVIEW_CHARACTERS = 16 * 1024;

export type GatedJson =
  | { kind: "tree"; value: unknown; size: number }
  | { kind: "large"; preview: string; size: number }
  | { kind: "text"; preview: string; size: number };

export function gateJson(source: string): GatedJson {
  // UTF-16 length is close enough for a gate and costs nothing.
  const size = source.length;
  if (size > UNFOLD_LIMIT_BYTES) return { kind: "large", preview: source.slice(0, PREVIEW_CHARACTERS), size };
  try {
    return { kind: "tree", value: JSON.parse(source), size };
  } catch {
    return { kind: "text", preview: source, size };
  }
}
