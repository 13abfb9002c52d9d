import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import { fetchPage, withQuery } from "@/shared/api/page";
import type { PendingInterrupt } from "@/shared/api/types";

export const INBOX_LIMIT = 100;
const RUN_LIMIT = 200;

/** What all runs ask of people, the oldest first; `total` counts also what is beyond the limit. */
export const listInbox = () =>
  queryOptions({
    queryKey: keys.inbox(),
    queryFn: ({ signal }) =>
      fetchPage<PendingInterrupt>(withQuery("/api/interrupts", { limit: INBOX_LIMIT }), signal),
    // The feed says when something has changed; this is for what ends without an event.
    refetchInterval: 60_000,
  });

/** All that one run waits for: answers, times, signals, child runs. */
export const listRunWaits = (runId: string) =>
  queryOptions({
    queryKey: keys.runWaits(runId),
    queryFn: ({ signal }) =>
      fetchPage<PendingInterrupt>(withQuery("/api/interrupts", { run_id: runId, limit: RUN_LIMIT }), signal),
  });
