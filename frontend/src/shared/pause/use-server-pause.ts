import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { getHealth } from "@/shared/api/get-health";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { keys } from "@/shared/api/keys";
import { setServerPause } from "@/shared/api/pause";

/** Whether the whole server is paused, and the way to change it. */
export function useServerPause() {
  const client = useQueryClient();
  const keyOf = useRef(new IdempotencyKeys());
  const isPaused = useQuery({ ...getHealth(), select: (health) => health.is_paused }).data ?? false;
  const change = useMutation({
    mutationFn: ({ to, reason }: { to: boolean; reason: string }) =>
      setServerPause(to, reason, keyOf.current.keyFor(`${to} ${reason}`)),
    onSuccess: () => {
      keyOf.current.spent();
      return client.invalidateQueries({ queryKey: keys.health() });
    },
  });
  return { isPaused, change };
}
