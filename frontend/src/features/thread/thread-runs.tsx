import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { listRuns } from "@/shared/api/list-runs";
import { text } from "@/shared/text";
import { StatusBadge } from "@/shared/ui/status-badge";
import { TimeText } from "@/shared/ui/time-text";

const SHOWN = 8;

/** The runs that went along a thread, newest first; the feed of all runs keeps them true. */
export function ThreadRuns({ threadId }: { threadId: string }) {
  const query = useInfiniteQuery(listRuns({ thread_id: threadId }));
  const first = query.data?.pages[0];
  if (!first) return null;
  const total = first.total ?? first.items.length;
  return (
    <section aria-label={text.thread.runs} className="card overflow-hidden">
      <div className="flex items-baseline gap-2 border-b border-line px-4 py-2.5">
        <h2 className="text-sm font-medium">{text.thread.runs}</h2>
        <span className="tabular text-xs text-ink-faint">{text.runs.total(total)}</span>
        {total > SHOWN && (
          <Link to="/runs" search={{ thread_id: threadId }} className="ml-auto text-xs underline">
            {text.thread.allRuns}
          </Link>
        )}
      </div>
      <ul>
        {first.items.slice(0, SHOWN).map((run) => (
          <li key={run.run_id} className="border-b border-line/60 last:border-0">
            <Link
              to="/runs/$runId"
              params={{ runId: run.run_id }}
              className="flex h-9 items-center gap-3 px-4 text-sm -outline-offset-2 hover:bg-hover"
            >
              <span className="min-w-0 flex-1 truncate font-medium">{run.name}</span>
              <StatusBadge status={run.status} look="line" className="text-xs" />
              <TimeText at={run.created_at} className="tabular text-xs whitespace-nowrap text-ink-faint" />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
