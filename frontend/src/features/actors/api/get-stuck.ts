import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

export const getStuck = () =>
  queryOptions({
    queryKey: keys.stuck(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/monitoring/stuck", { signal })),
    refetchInterval: 2_000,
  });
