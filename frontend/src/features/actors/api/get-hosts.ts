import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

export const getHosts = () =>
  queryOptions({
    queryKey: keys.hosts(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/monitoring/hosts", { signal })),
    refetchInterval: 2_000,
  });
