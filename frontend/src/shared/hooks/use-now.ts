import { useSyncExternalStore } from "react";

/** One clock for the whole page: however many durations tick, there is one timer an interval. */
class Ticker {
  #now = Date.now();
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #intervalMs: number;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get = () => this.#now;

  subscribe = (listener: () => void) => {
    if (this.#listeners.size === 0) {
      this.#now = Date.now();
      this.#timer = setInterval(() => {
        this.#now = Date.now();
        for (const notify of this.#listeners) notify();
      }, this.#intervalMs);
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  };
}

const quick = new Ticker(200);
const slow = new Ticker(5_000);
const still = { get: () => 0, subscribe: () => () => {} };

/** The time in milliseconds: five times a second, or each five seconds, or never when nothing moves. */
export function useNow(pace: "quick" | "slow" | "still"): number {
  const ticker = pace === "quick" ? quick : pace === "slow" ? slow : still;
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
