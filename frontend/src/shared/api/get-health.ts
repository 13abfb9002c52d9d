import { queryOptions } from "@tanstack/react-query";
import { keys } from "./keys";
import { unreachable } from "./problem";
import { send } from "./send";
import type { Health } from "./types";

/** Health answers 503 with a full report when it is `failing`; that is an answer here and not an error. */
export const getHealth = () =>
  queryOptions({
    queryKey: keys.health(),
    queryFn: async ({ signal }): Promise<Health> => {
      const response = await send("/api/monitoring/health", { signal }).catch(() => null);
      const body: unknown = await response?.json().catch(() => null);
      if (typeof body !== "object" || body === null || !("runs" in body)) throw unreachable();
      return body as Health;
    },
    refetchInterval: 5_000,
    retry: false,
  });
