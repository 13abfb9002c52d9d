/**
 * A WebSocket that never gives up until it is told to: jittered backoff, a watch on the server's heartbeat, and
 * the address asked for anew at each connection, so that it resumes after the last event that was applied.
 *
 * It knows nothing of what the messages mean. A close with 1000 is the end of the feed, 44xx a refusal; both stop.
 */
import { apiKey, keyProtocols } from "@/shared/api/api-key";
import { reconnectDelay } from "./backoff";

/** The server beats every 15 s. */
export const SILENCE_MS = 40_000;
const NO_KEY = 4401;
const WATCH_EVERY_MS = 5_000;

export type SocketState = "connecting" | "open" | "offline" | "ended" | "refused";

export interface SocketHandlers {
  /** Path and query of the next connection. */
  address: () => string;
  message: (message: Record<string, unknown>) => void;
  state: (state: SocketState, code: number) => void;
}

export class FeedSocket {
  readonly #handlers: SocketHandlers;
  readonly #watch: ReturnType<typeof setInterval>;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #heardAt = 0;
  #isStopped = false;

  constructor(handlers: SocketHandlers) {
    this.#handlers = handlers;
    this.#watch = setInterval(() => this.#checkSilence(), WATCH_EVERY_MS);
    window.addEventListener("online", this.#connectNow);
    this.#connect();
  }

  /** Drop this connection and come back at once, at the address that is right now. */
  restart(): void {
    this.#drop();
    this.#connect();
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    window.removeEventListener("online", this.#connectNow);
    this.#drop();
  }

  #connectNow = () => {
    if (this.#socket) return;
    this.#attempt = 0;
    this.#connect();
  };

  #connect(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#heardAt = Date.now();
    const { key } = apiKey.get();
    const socket = new WebSocket(socketUrl(this.#handlers.address()), keyProtocols(key));
    this.#socket = socket;
    this.#handlers.state("connecting", 0);
    socket.onopen = () => this.#handlers.state("open", 0);
    socket.onmessage = (message: MessageEvent<string>) => this.#receive(message.data);
    socket.onclose = (event) => {
      if (event.code === NO_KEY) apiKey.refused(key);
      this.#closed(socket, event.code);
    };
  }

  #receive(data: string): void {
    this.#heardAt = Date.now();
    // Only a connection that brought something counts as a good one.
    this.#attempt = 0;
    this.#handlers.message(JSON.parse(data) as Record<string, unknown>);
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (code === 1000 || (code >= 4400 && code < 4500)) {
      this.stop();
      this.#handlers.state(code === 1000 ? "ended" : "refused", code);
      return;
    }
    this.#handlers.state("offline", code);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#connect(), reconnectDelay(this.#attempt++));
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onopen = null;
    // Closing during the handshake makes browsers print a warning; wait for it to be open.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  #checkSilence(): void {
    if (!this.#socket || Date.now() - this.#heardAt < SILENCE_MS) return;
    this.#handlers.state("offline", 0);
    this.restart();
  }
}

function socketUrl(address: string): string {
  return window.location.origin.replace(/^http/, "ws") + address;
}
