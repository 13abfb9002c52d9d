import { Link } from "@tanstack/react-router";
import type { Run } from "@/shared/api/types";
import { CommandMenu } from "@/shared/run-control/command-menu";
import { useCommands } from "@/shared/run-control/use-commands";
import { statusLook } from "@/shared/status";
import { text } from "@/shared/text";
import { DurationText } from "@/shared/ui/duration-text";
import { ShortId } from "@/shared/ui/short-id";
import { StatusBadge } from "@/shared/ui/status-badge";
import { TimeText } from "@/shared/ui/time-text";

export const RUN_COLUMNS =
  "grid-cols-[8.5rem_minmax(9rem,1.6fr)_minmax(7rem,1fr)_minmax(0,1fr)_6rem_5.5rem_5.5rem_1.75rem]";

const ROW = "group relative h-full border-b border-line/70 px-4 hover:bg-hover";

/** The whole row is the link's target; the name is what it says. */
function NameLink({ run }: { run: Run }) {
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: run.run_id }}
      className="truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:rounded focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
    >
      {run.name}
    </Link>
  );
}

function Started({ run }: { run: Run }) {
  return run.started_at ? <TimeText at={run.started_at} /> : <span>{text.runs.notStarted}</span>;
}

function Lasted({ run }: { run: Run }) {
  if (!run.started_at) return null;
  const to = run.finished_at ?? (statusLook(run.status).isTerminal ? run.started_at : null);
  return <DurationText from={run.started_at} to={to} />;
}

export function RunRow({ run }: { run: Run }) {
  return (
    <div className={`${ROW} grid ${RUN_COLUMNS} items-center gap-x-4 text-sm`}>
      <span role="cell" title={run.waiting_for ?? undefined} className="flex">
        <StatusBadge status={run.status} look="line" />
      </span>
      <span role="cell" className="flex min-w-0">
        <NameLink run={run} />
      </span>
      <span role="cell" className="truncate text-ink-soft">
        {run.workflow}
      </span>
      <span role="cell" className="flex min-w-0 gap-1 overflow-hidden">
        <Tags tags={run.tags} />
      </span>
      <span role="cell" className="tabular text-right text-ink-faint">
        <Started run={run} />
      </span>
      <span role="cell" className="tabular text-right">
        <Lasted run={run} />
      </span>
      <span role="cell" className="text-right">
        <ShortId id={run.run_id} />
      </span>
      <span role="cell" className="relative z-1 -ml-2 flex justify-end">
        <RowMenu run={run} />
      </span>
    </div>
  );
}

/** The same facts in two lines, for a narrow page. */
export function RunCard({ run }: { run: Run }) {
  return (
    <div className={`${ROW} flex flex-col justify-center gap-0.5 text-sm`}>
      <span role="cell" className="flex items-center justify-between gap-3">
        <NameLink run={run} />
        <StatusBadge status={run.status} look="line" className="ml-auto text-xs" />
        <span className="relative z-1 -my-1 -mr-2 -ml-2">
          <RowMenu run={run} />
        </span>
      </span>
      <span role="cell" className="tabular flex items-center gap-2 text-xs text-ink-faint">
        <span className="truncate">{run.workflow}</span>
        <span className="ml-auto whitespace-nowrap">
          <Started run={run} />
        </span>
        <span className="whitespace-nowrap text-ink-soft">
          <Lasted run={run} />
        </span>
      </span>
    </div>
  );
}

function RowMenu({ run }: { run: Run }) {
  return <CommandMenu run={run} commands={useCommands(run)} label={text.command.actionsFor(run.name)} />;
}

function Tags({ tags }: { tags: readonly string[] }) {
  return tags.map((tag) => (
    <span key={tag} className="truncate rounded bg-neutral-soft px-1.5 text-xs leading-5 text-neutral">
      {tag}
    </span>
  ));
}
