import { useQuery } from "@tanstack/react-query";
import { useApiKey } from "@/shared/api/api-key";
import { keys } from "@/shared/api/keys";
import { linkTo } from "@/shared/api/save-file";
import type { Artifact } from "@/shared/api/types";
import { text } from "@/shared/text";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { artifactUrl } from "./preview-kind";

/** The browser fetches pictures itself, without a key: where one is needed, by a link that is signed for a minute. */
export function ArtifactImage({ artifact }: { artifact: Artifact }) {
  const { key } = useApiKey();
  const link = useQuery({
    queryKey: keys.artifactLink(artifact.artifact_id),
    queryFn: () => linkTo(artifact.artifact_id),
    enabled: key !== null,
    // A picture that is there needs no other address; one that is shown again does.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (link.isError) return <ErrorState error={link.error} onRetry={() => link.refetch()} />;
  const src = key === null ? artifactUrl(artifact.artifact_id) : link.data;
  if (src === undefined) return <Skeleton rows={4} />;
  return (
    <img
      src={src}
      alt={text.artifacts.image(artifact.name)}
      className="max-h-[32rem] max-w-full rounded-md border border-line bg-canvas"
    />
  );
}
