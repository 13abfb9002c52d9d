import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";

/** A host samples its actors only while somebody asks; a page in the background does not. */
const EVERY_MS = 1_000;

export const getActors = () =>
  queryOptions({
    queryKey: keys.actors(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/monitoring/actors", { signal })),
    refetchInterval: EVERY_MS,
  });

export const getActor = (actorId: string) =>
  queryOptions({
    queryKey: keys.actor(actorId),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/monitoring/actors/{actor_id}", { params: { path: { actor_id: actorId } }, signal }),
      ),
    refetchInterval: EVERY_MS,
  });
