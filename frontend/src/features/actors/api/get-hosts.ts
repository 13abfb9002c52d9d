import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import type { Host } from "./operator-types";
import { readJson } from "./read-json";

export const getHosts = () =>
  queryOptions({
    queryKey: keys.hosts(),
    queryFn: ({ signal }) => readJson<Host[]>("/api/monitoring/hosts", signal),
    refetchInterval: 2_000,
  });
