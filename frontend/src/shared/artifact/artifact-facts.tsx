import { Download } from "lucide-react";
import { saveArtifact } from "@/shared/api/save-file";
import type { Artifact } from "@/shared/api/types";
import { text } from "@/shared/text";
import { bytes } from "@/shared/time";
import { buttonClass } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { SavingLink } from "@/shared/ui/saving-link";
import { artifactUrl } from "./preview-kind";

/** Name, size, hash and the download: the head of a preview. */
export function ArtifactFacts({ artifact }: { artifact: Artifact }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <h3 className="min-w-0 truncate text-sm font-medium" title={artifact.name}>
        {artifact.name}
      </h3>
      <span className="tabular text-xs text-ink-faint">
        {bytes(artifact.size)} · {artifact.media_type}
      </span>
      <span className="flex items-center text-xs text-ink-faint">
        <code title={artifact.sha256} className="font-mono">
          sha256 {artifact.sha256.slice(0, 12)}…
        </code>
        <CopyButton value={artifact.sha256} label={text.artifacts.copyHash} />
      </span>
      <SavingLink
        href={artifactUrl(artifact.artifact_id)}
        save={() => saveArtifact(artifact.artifact_id, artifact.name)}
        download={artifact.name}
        className={`${buttonClass("plain", "small")} ml-auto`}
      >
        <Download aria-hidden className="size-3.5" />
        {text.common.download}
      </SavingLink>
    </div>
  );
}
