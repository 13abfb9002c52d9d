/** All that a page knows of a run from its feed: lines, steps, what was missing. One version, raised once a frame. */
import type { RunEvent } from "@/shared/api/types";
import type { FeedState, Hole } from "@/shared/feed/run-feed";
import { LineBuffer } from "./console/line-buffer";
import { StepList } from "./steps/step-list";
import { consoleText } from "./text";

export class RunLog {
  readonly lines = new LineBuffer();
  /** Number of the first event that this page asked for, less one. */
  readonly startedAfter: number;
  readonly #steps = new StepList();
  #feed: FeedState = "connecting";
  #code = 0;
  #lastSeq: number;
  #version = 0;
  #listeners = new Set<() => void>();

  constructor(startedAfter = 0) {
    this.startedAfter = startedAfter;
    this.#lastSeq = startedAfter;
  }

  get steps() {
    return this.#steps.steps;
  }

  get feed(): FeedState {
    return this.#feed;
  }

  get refusal(): number {
    return this.#code;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  apply(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.lines.append(event);
      this.#steps.apply(event);
      this.#lastSeq = event.seq;
    }
    this.#changed();
  }

  setFeed(state: FeedState, code: number): void {
    if (state === this.#feed) return;
    this.#feed = state;
    this.#code = code;
    this.#changed();
  }

  /** What did not come live is said in the console itself, at its place. */
  markHole({ from, to, isFilled }: Hole): void {
    const say = isFilled ? consoleText.filled : consoleText.lost;
    this.lines.push({
      seqFrom: from,
      seq: from,
      at: new Date().toISOString(),
      event: isFilled ? "backfill" : "hole",
      level: isFilled ? "info" : "warning",
      node: "",
      text: say(to - from + 1, from, to),
      isOutput: false,
      data: null,
    });
    this.#changed();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  version = (): number => this.#version;

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
