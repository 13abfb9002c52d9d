import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { unwrap } from "./problem";

/** The versions of a workflow that hosts have published, the newest first. */
export const listVersions = (name: string) =>
  queryOptions({
    queryKey: keys.versions(name),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/workflows/{name}/versions", { params: { path: { name } }, signal })),
    refetchInterval: 15_000,
  });
