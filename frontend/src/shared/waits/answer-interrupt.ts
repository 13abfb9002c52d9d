import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { Run } from "@/shared/api/types";

/** Answers by id: which question is meant is said, also where there is only one. */
export function answerInterrupt(runId: string, interruptId: string, answer: unknown): Promise<Run> {
  const body = { answers: { [interruptId]: answer } };
  return unwrap(api.POST("/api/runs/{run_id}/resume", { params: { path: { run_id: runId } }, body }));
}
