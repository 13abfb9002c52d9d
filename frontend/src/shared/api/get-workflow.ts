import { queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { unwrap } from "./problem";

export const getWorkflow = (name: string) =>
  queryOptions({
    queryKey: keys.workflow(name),
    queryFn: ({ signal }) => unwrap(api.GET("/api/workflows/{name}", { params: { path: { name } }, signal })),
    staleTime: 60_000,
  });
