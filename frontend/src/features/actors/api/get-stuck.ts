import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import type { Stuck } from "./operator-types";
import { readJson } from "./read-json";

export const getStuck = () =>
  queryOptions({
    queryKey: keys.stuck(),
    queryFn: ({ signal }) => readJson<Stuck>("/api/monitoring/stuck", signal),
    refetchInterval: 2_000,
  });
