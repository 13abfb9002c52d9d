import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

/** The state as the text it is: how much of it is unfolded is decided by its size. */
export const getRunState = (runId: string) =>
  queryOptions({
    queryKey: keys.runState(runId),
    queryFn: ({ signal }) =>
      unwrap<string>(
        api.GET("/api/runs/{run_id}/state", { params: { path: { run_id: runId } }, parseAs: "text", signal }),
      ),
  });
