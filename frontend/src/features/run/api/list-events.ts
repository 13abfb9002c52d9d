import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { RunEvent } from "@/shared/api/types";

/** A page of the log after a number, in order: what the feed did not bring is read from here. */
export function listEvents(runId: string, after: number, limit: number): Promise<RunEvent[]> {
  const params = { path: { run_id: runId }, query: { after, limit } };
  return unwrap<unknown>(api.GET("/api/runs/{run_id}/events", { params })) as Promise<RunEvent[]>;
}
