import { api } from "@/shared/api/client";
import { unwrap } from "@/shared/api/problem";
import type { ThreadUpdated } from "@/shared/api/types";

export interface StateChange {
  values: unknown;
  as_node?: string;
  checkpoint_id: string;
}

/** Changes a thread's state as if a node had returned something; the checkpoint that makes is a new one. */
export function updateState(threadId: string, body: StateChange): Promise<ThreadUpdated> {
  return unwrap(
    api.POST("/api/threads/{thread_id}/state", { params: { path: { thread_id: threadId } }, body }),
  );
}
