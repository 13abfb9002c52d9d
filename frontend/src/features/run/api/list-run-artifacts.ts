import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

export const listRunArtifacts = (runId: string) =>
  queryOptions({
    queryKey: keys.runArtifacts(runId),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/runs/{run_id}/artifacts", { params: { path: { run_id: runId } }, signal })),
  });
