/**
 * Which lines are looked at. All are of one height, so this is arithmetic and costs the same for ten lines and for
 * 100,000; a general virtualiser measures all of them again whenever one is added (tried: it ate the frame). Pure.
 */
export const LINE_HEIGHT = 20;
const OVERSCAN = 12;

export interface Viewport {
  top: number;
  height: number;
}

/** Half open: from the first to before the last place to draw. */
export function windowOf({ top, height }: Viewport, count: number): { from: number; to: number } {
  const first = Math.floor(top / LINE_HEIGHT) - OVERSCAN;
  const last = Math.ceil((top + height) / LINE_HEIGHT) + OVERSCAN;
  const to = Math.min(count, Math.max(0, last));
  return { from: Math.max(0, Math.min(first, to)), to };
}

/** Where to scroll so that a place is in view; null where it is already. */
export function topFor(place: number, { top, height }: Viewport, isCentred: boolean): number | null {
  const start = place * LINE_HEIGHT;
  if (!isCentred && start >= top && start + LINE_HEIGHT <= top + height) return null;
  if (isCentred) return Math.max(0, start - (height - LINE_HEIGHT) / 2);
  return start < top ? start : start + LINE_HEIGHT - height;
}
