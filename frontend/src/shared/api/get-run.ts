import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { unwrap } from "./problem";

export const getRun = (runId: string) =>
  queryOptions({
    queryKey: keys.run(runId),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/runs/{run_id}", { params: { path: { run_id: runId } }, signal })),
  });
