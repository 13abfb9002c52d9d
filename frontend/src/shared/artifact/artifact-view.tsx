import type { Artifact } from "@/shared/api/types";
import { ArtifactFacts } from "./artifact-facts";
import { ArtifactPreview } from "./artifact-preview";

/** Facts, download and preview of one artifact. */
export function ArtifactView({ artifact }: { artifact: Artifact }) {
  return (
    <div className="flex min-w-0 flex-col gap-3 p-4">
      <ArtifactFacts artifact={artifact} />
      <ArtifactPreview key={artifact.artifact_id} artifact={artifact} />
    </div>
  );
}
