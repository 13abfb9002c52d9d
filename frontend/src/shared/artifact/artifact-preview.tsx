import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Artifact } from "@/shared/api/types";
import { JsonPanel } from "@/shared/json/json-panel";
import { text } from "@/shared/text";
import { bytes } from "@/shared/time";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { ArtifactImage } from "./artifact-image";
import { CsvPreview } from "./csv-preview";
import { getArtifactText } from "./get-artifact-text";
import { IMAGE_LIMIT_BYTES, type PreviewKind, previewKind, TEXT_LIMIT_BYTES } from "./preview-kind";

const MarkdownPreview = lazy(() => import("./markdown-preview"));

export function ArtifactPreview({ artifact }: { artifact: Artifact }) {
  const kind = previewKind(artifact.media_type, artifact.name);
  if (kind === "none") return <Note>{text.artifacts.noPreview(artifact.media_type)}</Note>;
  if (kind === "image") {
    if (artifact.size > IMAGE_LIMIT_BYTES)
      return <Note>{text.artifacts.tooLarge(bytes(artifact.size))}</Note>;
    return <ArtifactImage artifact={artifact} />;
  }
  return <TextPreview artifact={artifact} kind={kind} />;
}

function TextPreview({ artifact, kind }: { artifact: Artifact; kind: PreviewKind }) {
  const query = useQuery(getArtifactText(artifact.artifact_id));
  if (query.isPending) return <Skeleton rows={4} />;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const isCut = artifact.size > TEXT_LIMIT_BYTES;
  return (
    <>
      <TextBody source={query.data} kind={isCut && kind === "json" ? "text" : kind} name={artifact.name} />
      {isCut && <p className="mt-2 text-xs text-ink-faint">{text.artifacts.cut}</p>}
    </>
  );
}

function TextBody({ source, kind, name }: { source: string; kind: PreviewKind; name: string }) {
  if (kind === "json") return <JsonPanel source={source} label={name} />;
  if (kind === "csv") return <CsvPreview source={source} />;
  if (kind === "markdown") {
    return (
      <Suspense fallback={<Skeleton rows={4} />}>
        <MarkdownPreview source={source} />
      </Suspense>
    );
  }
  return <pre className="font-mono text-xs break-words whitespace-pre-wrap">{source}</pre>;
}

function Note({ children }: { children: string }) {
  return <p className="py-4 text-sm text-ink-faint">{children}</p>;
}
