import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { unwrap } from "./problem";

export const listWorkflows = () =>
  queryOptions({
    queryKey: keys.workflows(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/workflows", { signal })),
    // Hosts come and go, and `fastgraph dev` publishes a changed graph: look again now and then.
    refetchInterval: 15_000,
  });
