/** The state of the connection, for the badge: a store of one value that React subscribes to. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { FeedState } from "./run-feed";

export class Connection {
  #state: FeedState = "connecting";
  #listeners = new Set<() => void>();

  get = (): FeedState => this.#state;

  set(state: FeedState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const ConnectionContext = createContext(new Connection());

export function useConnection(): FeedState {
  const connection = useContext(ConnectionContext);
  return useSyncExternalStore(connection.subscribe, connection.get);
}
