import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import { problemFrom, unreachable } from "@/shared/api/problem";
import { send } from "@/shared/api/send";
import { artifactUrl, TEXT_LIMIT_BYTES } from "./preview-kind";

/** The beginning of an artifact as text. Content never changes under its id, so it is read once. */
export const getArtifactText = (artifactId: string) =>
  queryOptions({
    queryKey: keys.artifactText(artifactId),
    queryFn: async ({ signal }) => {
      const range = { range: `bytes=0-${TEXT_LIMIT_BYTES - 1}` };
      let response = await send(artifactUrl(artifactId), { signal, headers: range }).catch(() => null);
      // An empty artifact satisfies no range.
      if (response?.status === 416)
        response = await send(artifactUrl(artifactId), { signal }).catch(() => null);
      if (!response) throw unreachable();
      if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null));
      return response.text();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
