import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useContext, useEffect } from "react";
import { keys, type RunFilters } from "@/shared/api/keys";
import { fetchPage, type Page } from "@/shared/api/page";
import type { PendingInterrupt, Run, RunEvent } from "@/shared/api/types";
import { throttle } from "@/shared/throttle";
import { AllRunsFeed } from "./all-runs-feed";
import { changesInbox } from "./changes-inbox";
import { ConnectionContext } from "./connection";
import { changesHeader, patchRun } from "./patch-run";
import { mergeHead, patchPages, type RunPages } from "./run-pages";

const HEAD_EVERY_MS = 500;
const ARTIFACTS_EVERY_MS = 1_000;
const INBOX_EVERY_MS = 500;

/** The one feed of all runs, for as long as the page is open; what it says goes into the query cache. */
export function useAllRunsFeed(): void {
  const client = useQueryClient();
  const connection = useContext(ConnectionContext);
  useEffect(() => {
    const refreshHeads = throttle(() => {
      void readHeads(client);
      void client.invalidateQueries({ queryKey: keys.health() });
    }, HEAD_EVERY_MS);
    const refreshArtifacts = throttle(
      () => void client.invalidateQueries({ queryKey: keys.artifacts() }),
      ARTIFACTS_EVERY_MS,
    );
    const refreshInbox = throttle(
      () => void client.invalidateQueries({ queryKey: keys.inbox() }),
      INBOX_EVERY_MS,
    );
    let wasOffline = false;
    const feed = new AllRunsFeed({
      deliver: (events) => {
        writeEvents(client, events);
        if (events.some(changesHeader)) refreshHeads();
        if (events.some((event) => event.event === "artifact")) refreshArtifacts();
        const inbox = client.getQueryData<Page<PendingInterrupt>>(keys.inbox());
        if (events.some((event) => changesInbox(event, inbox?.items ?? []))) refreshInbox();
      },
      state: (state) => {
        connection.set(state);
        if (state === "offline") wasOffline = true;
        // Queries that failed meanwhile recover at once, and not at their next turn.
        if (state === "live" && wasOffline) {
          wasOffline = false;
          void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "runs" });
          refreshHeads();
        }
      },
      missed: () => void client.invalidateQueries(),
    });
    return () => {
      feed.stop();
      refreshHeads.cancel();
      refreshArtifacts.cancel();
      refreshInbox.cancel();
    };
  }, [client, connection]);
}

function writeEvents(client: QueryClient, events: readonly RunEvent[]): void {
  for (const query of client.getQueryCache().findAll({ queryKey: keys.runs() })) {
    const filters = (query.queryKey[1] ?? {}) as RunFilters;
    client.setQueryData<RunPages>(query.queryKey, (data) => data && patchPages(data, events, filters));
  }
  for (const event of events) {
    if (!changesHeader(event)) continue;
    client.setQueryData<Run>(keys.run(event.run_id), (run) => run && patchRun(run, event));
  }
}

/** Reads the first page of each list that is looked at: new runs are in it, and all that events don't tell. */
async function readHeads(client: QueryClient): Promise<void> {
  for (const query of client.getQueryCache().findAll({ queryKey: keys.runs(), type: "active" })) {
    const data = query.state.data as RunPages | undefined;
    const url = data?.pageParams[0];
    if (typeof url !== "string") {
      // It never loaded: the server was away.
      if (query.state.status === "error") void client.refetchQueries({ queryKey: query.queryKey });
      continue;
    }
    const head = await fetchPage<Run>(url).catch(() => null);
    if (head) client.setQueryData<RunPages>(query.queryKey, (now) => now && mergeHead(now, head));
  }
}
