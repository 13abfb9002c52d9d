import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/shared/api/keys";
import type { Run, RunEvent } from "@/shared/api/types";
import { changesHeader, patchRun } from "@/shared/feed/patch-run";
import { RunFeed } from "@/shared/feed/run-feed";
import { throttle } from "@/shared/throttle";
import { listEvents } from "./api/list-events";
import { MAX_LINES } from "./console/line-buffer";
import { RunLog } from "./run-log";

const REFRESH_EVERY_MS = 700;

/** The log of a run, followed live for as long as its page is open. */
export function useRunFeed(run: Run): RunLog {
  const client = useQueryClient();
  const runId = run.run_id;
  // A page keeps so many lines; of a longer run it begins where those begin.
  const [log] = useState(() => new RunLog(Math.max(0, run.last_seq - MAX_LINES)));
  useEffect(() => {
    const refresh = refresher(client, runId);
    const feed = new RunFeed(runId, log.lastSeq, {
      deliver: (events) => {
        log.apply(events);
        if (events.some(changesHeader)) {
          client.setQueryData<Run>(keys.run(runId), (now) => now && events.reduce(patchRun, now));
        }
        refresh.after(events);
      },
      hole: (hole) => log.markHole(hole),
      state: (state, code) => log.setFeed(state, code),
      readLog: (after, limit) => listEvents(runId, after, limit),
    });
    return () => {
      feed.stop();
      refresh.cancel();
    };
  }, [client, runId, log]);
  return log;
}

const CHANGES_STATE = new Set(["checkpoint", "node_update", "interrupted", "resumed"]);
const CHANGES_WAITS = new Set(["interrupted", "sleeping", "waiting", "resumed", "warning"]);

/** Reads again what events only hint at: the header, the state, the list of artifacts; each at most so often. */
function refresher(client: QueryClient, runId: string) {
  const again = (queryKey: readonly unknown[], isExact = false) =>
    throttle(() => void client.invalidateQueries({ queryKey, exact: isExact }), REFRESH_EVERY_MS);
  const header = again(keys.run(runId), true);
  const state = again(keys.runState(runId));
  const waits = again(keys.runWaits(runId));
  const artifacts = again(keys.runArtifacts(runId));
  return {
    after(events: readonly RunEvent[]): void {
      if (events.some(changesHeader)) header();
      if (events.some((event) => CHANGES_STATE.has(event.event) || changesHeader(event))) state();
      if (events.some((event) => CHANGES_WAITS.has(event.event))) waits();
      if (events.some((event) => event.event === "artifact")) artifacts();
    },
    cancel(): void {
      header.cancel();
      state.cancel();
      waits.cancel();
      artifacts.cancel();
    },
  };
}
