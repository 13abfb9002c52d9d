import { Link } from "@tanstack/react-router";
import { ChevronLeft, Hourglass, Pin } from "lucide-react";
import type { ReactNode } from "react";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { buttonClass } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { DurationText } from "@/shared/ui/duration-text";
import { ShortId } from "@/shared/ui/short-id";
import { StatusBadge } from "@/shared/ui/status-badge";
import { TimeText } from "@/shared/ui/time-text";
import { missingIn } from "./held/missing";
import { ChildRuns, OtherRun } from "./relations";
import { RunActions } from "./run-actions";
import { runText } from "./text";

export function RunHeader({ run }: { run: Run }) {
  // Why a run is held stands in a card of its own.
  const isHeld = missingIn(run.waiting_for) !== null;
  return (
    <header className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Link
          to="/runs"
          aria-label={runText.back}
          title={runText.back}
          className={`${buttonClass("quiet", "icon")} -ml-2`}
        >
          <ChevronLeft aria-hidden className="size-4" />
        </Link>
        <h1 className="min-w-0 truncate text-xl font-semibold tracking-tight">{run.name}</h1>
        <span role="status">
          <StatusBadge status={run.status} />
        </span>
        {run.kept && (
          <span title={text.command.keptWhy} className="flex items-center gap-1 text-xs text-ink-soft">
            <Pin aria-hidden className="size-3.5" />
            {text.command.kept}
          </span>
        )}
        <RunActions run={run} />
      </div>
      {run.waiting_for && !isHeld && (
        <p className="flex items-center gap-1.5 text-sm text-ink-soft">
          <Hourglass aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
          {runText.waitingFor} {run.waiting_for}
        </p>
      )}
      <dl className="flex flex-wrap items-center gap-x-5 gap-y-1 text-sm text-ink-soft">
        <Fact name={text.newRun.workflow}>
          <Link to="/workflows" search={{ name: run.workflow }} className="hover:underline">
            {run.workflow}
          </Link>
        </Fact>
        <Fact name={runText.created}>
          <TimeText at={run.created_at} />
        </Fact>
        {run.started_at && (
          <Fact name={runText.duration}>
            <DurationText from={run.started_at} to={run.finished_at} className="tabular" />
          </Fact>
        )}
        {run.tags.length > 0 && (
          <Fact name={text.runs.tag}>
            {run.tags.map((tag) => (
              <Link
                key={tag}
                to="/runs"
                search={{ tag }}
                className="mr-1 rounded bg-neutral-soft px-1.5 text-xs leading-5 text-neutral hover:underline"
              >
                {tag}
              </Link>
            ))}
          </Fact>
        )}
        {run.parent_run_id && (
          <Fact name={runText.parent}>
            <OtherRun runId={run.parent_run_id} />
          </Fact>
        )}
        {run.retried_from && (
          <Fact name={text.command.retriedFrom}>
            <OtherRun runId={run.retried_from} />
          </Fact>
        )}
        {run.children.length > 0 && (
          <Fact name={runText.children}>
            <ChildRuns run={run} />
          </Fact>
        )}
        <Fact name={runText.thread}>
          <Link to="/threads/$threadId" params={{ threadId: run.thread_id }} className="hover:underline">
            <span className="sr-only">{runText.thread} </span>
            <ShortId id={run.thread_id} className="font-mono text-xs" />
          </Link>
        </Fact>
        <Fact name={text.runs.columns.id}>
          <code className="font-mono text-xs break-all">{run.run_id}</code>
          <CopyButton value={run.run_id} />
        </Fact>
      </dl>
    </header>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-baseline gap-1.5">
      <dt className="shrink-0 text-ink-faint">{name}</dt>
      <dd className="flex min-w-0 items-center">{children}</dd>
    </div>
  );
}
