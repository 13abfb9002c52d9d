import { useSyncExternalStore } from "react";
import type { RunLog } from "./run-log";

/** What is picked from the log; the component is drawn again only when that has changed. */
export function useLog<T>(log: RunLog, pick: (log: RunLog) => T): T {
  return useSyncExternalStore(log.subscribe, () => pick(log));
}
