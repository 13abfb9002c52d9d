import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import type { Actor } from "./operator-types";
import { readJson } from "./read-json";

/** A host samples its actors only while somebody asks; a page in the background does not. */
const EVERY_MS = 1_000;

export const getActors = () =>
  queryOptions({
    queryKey: keys.actors(),
    queryFn: ({ signal }) => readJson<Actor>("/api/monitoring/actors", signal),
    refetchInterval: EVERY_MS,
  });

export const getActor = (actorId: string) =>
  queryOptions({
    queryKey: keys.actor(actorId),
    queryFn: ({ signal }) => readJson<Actor>(`/api/monitoring/actors/${encodeURIComponent(actorId)}`, signal),
    refetchInterval: EVERY_MS,
  });
