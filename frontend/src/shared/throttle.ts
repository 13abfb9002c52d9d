/** Calls `action` at once, then at most every `intervalMs` while it keeps being asked for; the last one counts. */
export function throttle(action: () => void, intervalMs: number): { (): void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const tick = () => {
    timer = undefined;
    if (isWanted) run();
  };
  const run = () => {
    isWanted = false;
    timer = setTimeout(tick, intervalMs);
    action();
  };
  const ask = () => {
    isWanted = true;
    if (timer === undefined) run();
  };
  ask.cancel = () => {
    clearTimeout(timer);
    timer = undefined;
    isWanted = false;
  };
  return ask;
}
