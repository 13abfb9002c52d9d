import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { RunState, ThreadCheckpoint } from "@/shared/api/types";
import { gateJson } from "@/shared/json/json-gate";
import { JsonPanel } from "@/shared/json/json-panel";
import { text } from "@/shared/text";
import { CopyButton } from "@/shared/ui/copy-button";
import { ErrorState } from "@/shared/ui/error-state";
import { ShortId } from "@/shared/ui/short-id";
import { Skeleton } from "@/shared/ui/skeleton";
import { getThreadState } from "./api/get-thread-state";
import { ChangeStateAction } from "./change-state-action";
import { GoOnAction } from "./go-on-action";

interface CheckpointDetailProps {
  threadId: string;
  workflow: string;
  checkpoint: ThreadCheckpoint;
  isNewest: boolean;
}

export function CheckpointDetail({ threadId, workflow, checkpoint, isNewest }: CheckpointDetailProps) {
  const id = checkpoint.checkpoint_id;
  const at = { threadId, workflow, checkpointId: id };
  return (
    <section aria-label={text.thread.state} className="card flex min-w-0 flex-col">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line p-4">
        <div className="min-w-0 flex-1 basis-56">
          <h2 className="text-sm font-semibold">
            {text.thread.at(checkpoint.step, text.thread.source(checkpoint.source))}
          </h2>
          <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-xs text-ink-faint">
            <span>
              {text.thread.madeBy}{" "}
              <Link to="/runs/$runId" params={{ runId: checkpoint.run_id }} className="underline">
                <span className="sr-only">{text.runs.one} </span>
                <ShortId id={checkpoint.run_id} className="font-mono" />
              </Link>
            </span>
            <span className="inline-flex items-center">
              {text.thread.checkpoint} <ShortId id={id} className="ml-1 font-mono" />
              <CopyButton value={id} />
            </span>
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <ChangeStateAction {...at} />
          <GoOnAction {...at} isFork={!isNewest} isOver={checkpoint.next.length === 0} />
        </div>
      </div>
      <div className="min-w-0 p-4">
        <Values threadId={threadId} checkpointId={id} />
      </div>
    </section>
  );
}

function Values({ threadId, checkpointId }: { threadId: string; checkpointId: string }) {
  const query = useQuery(getThreadState(threadId, checkpointId));
  const gated = useMemo(() => (query.data === undefined ? null : gateJson(query.data)), [query.data]);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  if (!gated) return <Skeleton />;
  if (gated.kind !== "tree") {
    const url = `/api/threads/${threadId}/state?checkpoint_id=${checkpointId}`;
    return <JsonPanel source={query.data ?? ""} label={text.thread.state} wholeUrl={url} />;
  }
  const { values, tasks, interrupts } = gated.value as RunState;
  return (
    <div className="flex flex-col gap-3">
      {tasks.length > 0 && (
        <p className="text-sm text-ink-soft">
          {text.thread.due}{" "}
          {tasks.map((task) => (
            <code key={task.id} className="mr-2 font-mono text-xs">
              {task.name}
            </code>
          ))}
          {interrupts.length > 0 && <span className="text-person">{text.thread.asks}</span>}
        </p>
      )}
      <JsonPanel source={JSON.stringify(values)} label={text.thread.state} />
    </div>
  );
}
