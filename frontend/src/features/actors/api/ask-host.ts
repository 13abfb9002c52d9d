import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { post } from "@/shared/api/command-run";
import { unwrap } from "@/shared/api/problem";
import type { HostCommand } from "@/shared/api/types";

export type ActorAction = "restart" | "stop" | "dump-stack";

const LOOK_EVERY_MS = 500;

/** Asks an actor's host; the answer waits a moment for what came of it, and is `pending` where that was too short. */
export function askActor(
  actorId: string,
  action: ActorAction,
  reason: string,
  key: string,
): Promise<HostCommand> {
  const path = `/api/monitoring/actors/${encodeURIComponent(actorId)}/${action}`;
  return post(path, reason ? { reason } : {}, key);
}

export function drainHost(bootId: string, reason: string, key: string): Promise<HostCommand> {
  return post(`/api/monitoring/hosts/${encodeURIComponent(bootId)}/drain`, reason ? { reason } : {}, key);
}

/** What came of something that was asked, looked for until it is known. */
export const getHostCommand = (asked: HostCommand) =>
  queryOptions({
    queryKey: ["host-command", asked.command_id] as const,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/monitoring/commands/{command_id}", {
          params: { path: { command_id: asked.command_id } },
          signal,
        }),
      ),
    initialData: asked,
    refetchInterval: ({ state }) => (state.data?.outcome === "pending" ? LOOK_EVERY_MS : false),
    enabled: asked.outcome === "pending",
  });
