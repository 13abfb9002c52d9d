/** The feed of all runs: from now on, or after the last cursor; what it says is written into the query cache. */
import type { RunEvent } from "@/shared/api/types";
import { FrameBatch } from "./frame-batch";
import type { FeedState } from "./run-feed";
import { FeedSocket, type SocketState } from "./socket";

const CURSOR_REFUSED = 4422;

export interface AllRunsHandlers {
  deliver: (events: RunEvent[]) => void;
  state: (state: FeedState) => void;
  /** Events may have been missed: whatever was read before must be read again. */
  missed: () => void;
}

export class AllRunsFeed {
  readonly #handlers: AllRunsHandlers;
  readonly #batch: FrameBatch<RunEvent>;
  #socket: FeedSocket;
  #cursor: number | string | null = null;
  #wasOpen = false;

  constructor(handlers: AllRunsHandlers) {
    this.#handlers = handlers;
    this.#batch = new FrameBatch((events) => handlers.deliver(events));
    this.#socket = this.#open();
  }

  stop(): void {
    this.#batch.dispose();
    this.#socket.stop();
  }

  #open(): FeedSocket {
    return new FeedSocket({
      address: () =>
        this.#cursor === null ? "/api/ws" : `/api/ws?after=${encodeURIComponent(this.#cursor)}`,
      message: (message) => this.#receive(message),
      state: (state, code) => this.#state(state, code),
    });
  }

  #receive(message: Record<string, unknown>): void {
    if (typeof message.cursor === "number" || typeof message.cursor === "string")
      this.#cursor = message.cursor;
    if (typeof message.seq === "number") this.#batch.push([message as unknown as RunEvent]);
  }

  #state(state: SocketState, code: number): void {
    if (state === "refused" && code === CURSOR_REFUSED && this.#cursor !== null) {
      // The store was replaced or restored: begin again at now.
      this.#cursor = null;
      this.#socket = this.#open();
      return;
    }
    if (state === "open") {
      // Without a cursor the feed starts at now, and nothing says what happened while it was away.
      if (this.#wasOpen && this.#cursor === null) this.#handlers.missed();
      this.#wasOpen = true;
    }
    this.#handlers.state(state === "open" ? "live" : state);
  }
}
