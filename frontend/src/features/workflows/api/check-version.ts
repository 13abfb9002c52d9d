import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

/** What would become of the runs that have begun, if a version were all there is. */
export const checkVersion = (name: string, graphHash: string) =>
  queryOptions({
    queryKey: keys.versionCheck(name, graphHash),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/workflows/{name}/check", {
          params: { path: { name }, query: { graph_hash: graphHash } },
          signal,
        }),
      ),
    refetchInterval: 15_000,
  });
