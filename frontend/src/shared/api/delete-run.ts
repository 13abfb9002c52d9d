import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";

export async function deleteRun(runId: string): Promise<void> {
  await unwrap<unknown>(api.DELETE("/api/runs/{run_id}", { params: { path: { run_id: runId } } }));
}
