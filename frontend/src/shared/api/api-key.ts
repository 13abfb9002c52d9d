/**
 * The API key of this page: kept in sessionStorage, so it ends with the tab, and never put into an address.
 *
 * A server without keys never asks, and then there is none here. When a request is refused for want of a key, the page
 * asks for one; an answer to a request that was sent with an older key changes nothing.
 */
import { useSyncExternalStore } from "react";

const STORED_AS = "fastgraph.key";

export interface KeyState {
  key: string | null;
  /** The server wants a key, and either there is none or it was not accepted. */
  isAsked: boolean;
  /** A key was refused: it is wrong, or was revoked. */
  isRefused: boolean;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class ApiKey {
  #state: KeyState;
  readonly #store: Store | null;
  readonly #listeners = new Set<() => void>();

  constructor(store: Store | null) {
    this.#store = store;
    this.#state = { key: store?.getItem(STORED_AS) || null, isAsked: false, isRefused: false };
  }

  get = (): KeyState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A request that carried `sent` was answered with 401. */
  refused(sent: string | null): void {
    if (sent !== this.#state.key) return;
    this.#store?.removeItem(STORED_AS);
    this.#become({ key: null, isAsked: true, isRefused: this.#state.isRefused || sent !== null });
  }

  use(key: string): void {
    this.#store?.setItem(STORED_AS, key);
    this.#become({ key, isAsked: false, isRefused: false });
  }

  forget(): void {
    this.#store?.removeItem(STORED_AS);
    this.#become({ key: null, isAsked: true, isRefused: false });
  }

  #become(state: KeyState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const apiKey = new ApiKey(sessionStore());

export function useApiKey(): KeyState {
  return useSyncExternalStore(apiKey.subscribe, apiKey.get);
}

/** A key as a WebSocket subprotocol: browsers let a page set no header there, and an address would be logged. */
export function keyProtocols(key: string | null): string[] {
  if (key === null) return [];
  const binary = String.fromCharCode(...new TextEncoder().encode(key));
  const encoded = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return ["fastgraph", `fastgraph.key.${encoded}`];
}

/** Null where storage is forbidden: the key then lasts as long as the page. */
function sessionStore(): Store | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
