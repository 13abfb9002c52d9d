/**
 * The gate that every event of a run passes: in order, once each, and no hole unseen.
 *
 * Pure: it is offered what arrived, from the socket or from the log, and answers with what may be applied now.
 * Events that came too early wait here until the hole before them is filled.
 */
export interface Sequenced {
  seq: number;
  /** First number that this event covers, when it covers more than one. */
  seq_from?: number;
}

export interface Gap {
  /** Last number that was applied. */
  after: number;
  /** First number that waits behind the hole. */
  before: number;
}

/** Beyond this the waiting ones are let go: the backfill reads them from the log again. */
export const MAX_HELD = 20_000;

export class SequenceGate<E extends Sequenced> {
  #last: number;
  #held = new Map<number, E>();

  constructor(after: number) {
    this.#last = after;
  }

  get last(): number {
    return this.#last;
  }

  get gap(): Gap | null {
    if (this.#held.size === 0) return null;
    let before = Number.POSITIVE_INFINITY;
    for (const event of this.#held.values()) before = Math.min(before, firstOf(event));
    return { after: this.#last, before };
  }

  /** What can be applied now, in order. Doubles fall away; what is ahead of a hole is kept back. */
  offer(events: readonly E[]): E[] {
    const ready: E[] = [];
    for (const event of events) {
      if (event.seq <= this.#last) continue;
      if (firstOf(event) <= this.#last + 1) this.#apply(event, ready);
      else if (this.#held.size < MAX_HELD) this.#held.set(event.seq, event);
    }
    if (ready.length > 0) this.#release(ready);
    return ready;
  }

  /** Give up the hole: the log itself no longer has these numbers. */
  skipGap(): E[] {
    const gap = this.gap;
    if (!gap) return [];
    this.#last = gap.before - 1;
    const ready: E[] = [];
    this.#release(ready);
    return ready;
  }

  #apply(event: E, ready: E[]): void {
    this.#last = event.seq;
    ready.push(event);
  }

  #release(ready: E[]): void {
    if (this.#held.size === 0) return;
    const waiting = [...this.#held.values()].sort((a, b) => a.seq - b.seq);
    for (const event of waiting) {
      if (firstOf(event) > this.#last + 1) break;
      this.#held.delete(event.seq);
      if (event.seq > this.#last) this.#apply(event, ready);
    }
  }
}

function firstOf(event: Sequenced): number {
  return event.seq_from ?? event.seq;
}
