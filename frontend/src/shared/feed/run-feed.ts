/**
 * The feed of one run: socket, gate and backfill put together. Its promise: `deliver` gets every event once and in
 * order, at most once a frame, across reconnects and restarts of the server; what the log no longer has is told.
 */
import type { RunEvent } from "@/shared/api/types";
import { FrameBatch } from "./frame-batch";
import { SequenceGate } from "./resume";
import { FeedSocket, type SocketState } from "./socket";

export type FeedState = "connecting" | "catching-up" | "live" | "offline" | "ended" | "refused";

const QUIET_MS = 250;
const BACKFILL_RETRY_MS = 1_000;
const BACKFILL_PAGE = 1_000;

export interface Hole {
  from: number;
  to: number;
  /** False: the log itself has lost these numbers (retention). */
  isFilled: boolean;
}

export interface RunFeedHandlers {
  deliver: (events: RunEvent[]) => void;
  hole: (hole: Hole) => void;
  state: (state: FeedState, code: number) => void;
  /** A page of the log after a number, in order. */
  readLog: (after: number, limit: number) => Promise<RunEvent[]>;
}

export class RunFeed {
  readonly #handlers: RunFeedHandlers;
  readonly #gate: SequenceGate<RunEvent>;
  readonly #batch: FrameBatch<RunEvent>;
  readonly #socket: FeedSocket;
  #isBackfilling = false;
  #hasEnded = false;
  #isStopped = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string, after: number, handlers: RunFeedHandlers) {
    this.#handlers = handlers;
    this.#gate = new SequenceGate(after);
    this.#batch = new FrameBatch((events) => this.#take(events));
    this.#socket = new FeedSocket({
      address: () => `/api/ws/${encodeURIComponent(runId)}?after=${this.#gate.last}`,
      message: (message) => this.#receive(message),
      state: (state, code) => this.#socketState(state, code),
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#quiet);
    this.#batch.dispose();
    this.#socket.stop();
  }

  #receive(message: Record<string, unknown>): void {
    if (typeof message.seq === "number") this.#batch.push([message as unknown as RunEvent]);
    else if (message.event === "gap") void this.#backfill();
    this.#waitForQuiet();
  }

  /** What is stored comes in a rush; the first pause in it means that this page is up to date. */
  #waitForQuiet(): void {
    if (this.#quiet !== undefined || this.#hasEnded) return;
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      if (!this.#isStopped && !this.#isBackfilling) this.#handlers.state("live", 0);
    }, QUIET_MS);
  }

  #socketState(state: SocketState, code: number): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
    this.#hasEnded = state === "ended" || state === "refused";
    if (this.#hasEnded) this.#batch.flush();
    this.#handlers.state(state === "open" ? "catching-up" : state, code);
    if (state === "open") this.#waitForQuiet();
  }

  #take(events: readonly RunEvent[]): void {
    const ready = this.#gate.offer(events);
    if (ready.length > 0) this.#handlers.deliver(ready);
    if (this.#gate.gap) void this.#backfill();
  }

  async #backfill(): Promise<void> {
    if (this.#isBackfilling) return;
    this.#isBackfilling = true;
    if (!this.#hasEnded) this.#handlers.state("catching-up", 0);
    const first = this.#gate.last + 1;
    while (!this.#isStopped) {
      const page = await this.#handlers.readLog(this.#gate.last, BACKFILL_PAGE).catch(() => null);
      if (this.#isStopped) break;
      if (page === null) {
        await new Promise((resolve) => setTimeout(resolve, BACKFILL_RETRY_MS));
        continue;
      }
      const before = this.#gate.last;
      const ready = this.#gate.offer(page);
      if (this.#gate.last > before)
        this.#handlers.hole({ from: first, to: lastOf(page, before), isFilled: true });
      if (ready.length > 0) this.#handlers.deliver(ready);
      if (!this.#gate.gap) break;
      if (ready.length === 0) this.#skip();
    }
    this.#isBackfilling = false;
    this.#waitForQuiet();
  }

  #skip(): void {
    const from = this.#gate.last + 1;
    const ready = this.#gate.skipGap();
    this.#handlers.hole({ from, to: (ready[0]?.seq_from ?? ready[0]?.seq ?? from) - 1, isFilled: false });
    this.#handlers.deliver(ready);
  }
}

function lastOf(page: readonly RunEvent[], otherwise: number): number {
  return page.at(-1)?.seq ?? otherwise;
}
