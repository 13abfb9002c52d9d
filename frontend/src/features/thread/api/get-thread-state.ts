import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

/** The state at a checkpoint, as the text it is: how much of it is unfolded is decided by its size. */
export const getThreadState = (threadId: string, checkpointId: string) =>
  queryOptions({
    queryKey: keys.threadState(threadId, checkpointId),
    queryFn: ({ signal }) =>
      unwrap<string>(
        api.GET("/api/threads/{thread_id}/state", {
          params: { path: { thread_id: threadId }, query: { checkpoint_id: checkpointId } },
          parseAs: "text",
          signal,
        }),
      ),
  });
