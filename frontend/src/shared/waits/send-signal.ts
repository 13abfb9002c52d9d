import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { Run } from "@/shared/api/types";

/** The key makes it safe to send again after a lost answer: the same key is the same signal. */
export function sendSignal(runId: string, name: string, body: unknown, key: string): Promise<Run> {
  const params = { path: { run_id: runId, name }, header: { "Idempotency-Key": key } };
  return unwrap(api.POST("/api/runs/{run_id}/signals/{name}", { params, body }));
}
