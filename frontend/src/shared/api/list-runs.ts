import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys, type RunFilters } from "@/shared/api/keys";
import { fetchPage, withQuery } from "@/shared/api/page";
import type { Run } from "@/shared/api/types";

export const RUNS_PAGE = 100;

export function runsUrl(filters: RunFilters): string {
  return withQuery("/api/runs/", { ...filters, limit: RUNS_PAGE });
}

/** Pages of runs, newest first. The feed keeps them true, so they are not read again by themselves. */
export const listRuns = (filters: RunFilters) =>
  infiniteQueryOptions({
    queryKey: keys.runs(filters),
    queryFn: ({ pageParam, signal }) => fetchPage<Run>(pageParam, signal),
    initialPageParam: runsUrl(filters),
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
  });
