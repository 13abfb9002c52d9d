import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import { fetchPage, withQuery } from "@/shared/api/page";
import type { ThreadCheckpoint } from "@/shared/api/types";

const HISTORY_PAGE = 50;

/** A thread's checkpoints, all branches in one list, the newest first. */
export const listHistory = (threadId: string) =>
  infiniteQueryOptions({
    queryKey: keys.threadHistory(threadId),
    queryFn: ({ pageParam, signal }) => fetchPage<ThreadCheckpoint>(pageParam, signal),
    initialPageParam: withQuery(`/api/threads/${encodeURIComponent(threadId)}/history`, {
      limit: HISTORY_PAGE,
    }),
    getNextPageParam: (page) => page.next,
  });
