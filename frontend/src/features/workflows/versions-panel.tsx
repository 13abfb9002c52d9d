import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listVersions } from "@/shared/api/list-versions";
import type { Version } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { isRealNode } from "@/shared/graph/real-nodes";
import { ErrorState } from "@/shared/ui/error-state";
import { TimeText } from "@/shared/ui/time-text";
import { CheckResult } from "./check-result";
import { shortHash } from "./short-hash";
import { workflowsText } from "./text";

/** The versions of a workflow, and what the chosen one means for runs that have begun. */
export function VersionsPanel({ workflow }: { workflow: string }) {
  const query = useQuery(listVersions(workflow));
  const [chosen, setChosen] = useState<string | null>(null);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const newest = query.data?.[0];
  if (!query.data || !newest) return null;
  const selected = query.data.find(({ graph_hash }) => graph_hash === chosen) ?? newest;
  return (
    <section aria-label={workflowsText.versions} className="card overflow-hidden">
      <h3 className="border-b border-line px-4 py-2.5 text-sm font-medium">{workflowsText.versions}</h3>
      <ul>
        {query.data.map((version) => (
          <Row
            key={version.graph_hash}
            version={version}
            isNewest={version === newest}
            isSelected={version === selected}
            onSelect={() => setChosen(version.graph_hash)}
          />
        ))}
      </ul>
      <CheckResult key={selected.graph_hash} workflow={workflow} graphHash={selected.graph_hash} />
    </section>
  );
}

interface RowProps {
  version: Version;
  isNewest: boolean;
  isSelected: boolean;
  onSelect: () => void;
}

function Row({ version, isNewest, isSelected, onSelect }: RowProps) {
  const hash = shortHash(version.graph_hash);
  return (
    <li
      className={cx(
        "relative flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-b border-line/60 px-4 py-2 text-sm",
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <button
        type="button"
        aria-pressed={isSelected}
        aria-label={workflowsText.choose(hash)}
        title={version.graph_hash}
        onClick={onSelect}
        className="font-mono text-xs after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
      >
        {hash}
      </button>
      {isNewest && <span className="text-xs text-ink-soft">{workflowsText.newest}</span>}
      <span className={cx("text-xs", version.hosts > 0 ? "text-ink-faint" : "text-warn")}>
        {workflowsText.hosts(version.hosts)}
      </span>
      <span className="text-xs text-ink-faint">
        {workflowsText.nodes(version.nodes.filter(isRealNode).length)}
      </span>
      <span className="text-xs text-ink-faint sm:ml-auto">
        {workflowsText.published} <TimeText at={version.published_at} />
      </span>
    </li>
  );
}
