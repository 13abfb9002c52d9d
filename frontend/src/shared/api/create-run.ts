import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { CreateRun } from "@/shared/api/types";

/** The key makes it safe to send again after a lost answer: the same key and body is the same run. */
export function createRun(body: CreateRun, idempotencyKey: string): Promise<{ run_id: string }> {
  return unwrap(api.POST("/api/runs/", { body, params: { header: { "Idempotency-Key": idempotencyKey } } }));
}
