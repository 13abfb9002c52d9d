import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import { fetchPage } from "@/shared/api/page";
import type { Artifact } from "@/shared/api/types";

export const listArtifacts = () =>
  infiniteQueryOptions({
    queryKey: keys.artifacts(),
    queryFn: ({ pageParam, signal }) => fetchPage<Artifact>(pageParam, signal),
    initialPageParam: "/api/artifacts?limit=100",
    getNextPageParam: (page) => page.next,
  });
