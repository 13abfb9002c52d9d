import { useQuery } from "@tanstack/react-query";
import { Database } from "lucide-react";
import { useMemo } from "react";
import type { Run, RunState } from "@/shared/api/types";
import { gateJson } from "@/shared/json/json-gate";
import { JsonPanel } from "@/shared/json/json-panel";
import { text } from "@/shared/text";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { getRunState } from "../api/get-run-state";
import { runText } from "../text";

export function StatePanel({ run }: { run: Run }) {
  const query = useQuery(getRunState(run.run_id));
  const gated = useMemo(() => (query.data === undefined ? null : gateJson(query.data)), [query.data]);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  if (!gated) return <Skeleton />;
  const url = `/api/runs/${run.run_id}/state`;
  if (gated.kind !== "tree")
    return <JsonPanel source={query.data ?? ""} label={runText.tabs.state} wholeUrl={url} />;
  const state = gated.value as RunState;
  if (state.checkpoint_id === null)
    return <EmptyState icon={Database} title={text.state.empty} why={text.state.emptyWhy} />;
  return (
    <div className="flex flex-col gap-3">
      <p className="flex flex-wrap gap-x-3 text-xs text-ink-faint">
        {state.step !== null && <span className="tabular">{text.state.step(state.step)}</span>}
        {state.next.length > 0 && (
          <span>
            {text.state.next} <code className="font-mono text-ink-soft">{state.next.join(", ")}</code>
          </span>
        )}
      </p>
      <JsonPanel source={JSON.stringify(state.values)} label={runText.tabs.state} />
    </div>
  );
}
