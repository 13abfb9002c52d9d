import { Link } from "@tanstack/react-router";
import type { Artifact } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { bytes } from "@/shared/time";
import { TimeText } from "@/shared/ui/time-text";
import { ArtifactIcon } from "./artifact-icon";

interface ArtifactListProps {
  label: string;
  artifacts: readonly Artifact[];
  selected: string | undefined;
  onSelect: (artifactId: string) => void;
  /** Say where each came from; needless within a run. */
  hasOrigin?: boolean;
}

export function ArtifactList({ label, artifacts, selected, onSelect, hasOrigin = false }: ArtifactListProps) {
  return (
    <ul aria-label={label}>
      {artifacts.map((artifact) => {
        const isSelected = artifact.artifact_id === selected;
        return (
          <li key={artifact.artifact_id} className="border-b border-line/70 last:border-0">
            <div
              className={cx(
                "relative flex items-center gap-2.5 px-3 py-2",
                isSelected ? "bg-selected" : "hover:bg-hover",
              )}
            >
              <ArtifactIcon artifact={artifact} />
              <div className="min-w-0 flex-1">
                <button
                  type="button"
                  aria-pressed={isSelected}
                  onClick={() => onSelect(artifact.artifact_id)}
                  className="block max-w-full truncate text-left text-sm font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
                >
                  {artifact.name}
                </button>
                <p className="tabular flex gap-1.5 truncate text-xs text-ink-faint">
                  <span>{bytes(artifact.size)}</span>·
                  <TimeText at={artifact.created_at} />
                  {hasOrigin && <Origin artifact={artifact} />}
                </p>
              </div>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Origin({ artifact }: { artifact: Artifact }) {
  if (!artifact.run_id) return <span>· {text.artifacts.uploaded}</span>;
  return (
    <span>
      ·{" "}
      <Link
        to="/runs/$runId"
        params={{ runId: artifact.run_id }}
        className="relative z-1 underline hover:text-ink"
      >
        {text.artifacts.ofRun} …{artifact.run_id.slice(-8)}
      </Link>
    </span>
  );
}
