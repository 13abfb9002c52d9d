export const RECONNECT_FIRST_MS = 200;
export const RECONNECT_MAX_MS = 4_000;

/** Doubling, with jitter over the upper half, so that a thousand pages don't come back at the same moment. */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** Math.min(attempt, 16));
  return ceiling / 2 + (ceiling / 2) * random();
}
