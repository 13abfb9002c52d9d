import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { Run } from "@/shared/api/types";

export function cancelRun(runId: string, reason: string): Promise<Run> {
  const body = reason ? { reason } : {};
  return unwrap(api.POST("/api/runs/{run_id}/cancel", { params: { path: { run_id: runId } }, body }));
}
