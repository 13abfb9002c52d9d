import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AuditEntry } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { ShortId } from "@/shared/ui/short-id";
import { Skeleton } from "@/shared/ui/skeleton";
import { TimeText } from "@/shared/ui/time-text";
import { listAudit } from "./api/list-audit";
import { auditText } from "./text";

/** Who ordered what, when and why, and what came of it. */
export function AuditSection() {
  const query = useInfiniteQuery(listAudit());
  const entries = query.data?.pages.flatMap((page) => page.items);
  return (
    <section aria-label={auditText.title} className="card overflow-hidden">
      <div className="border-b border-line px-4 py-2.5">
        <h2 className="text-sm font-medium">{auditText.title}</h2>
        <p className="text-sm text-ink-soft">{auditText.why}</p>
      </div>
      {query.isPending && <Skeleton rows={6} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />}
      {entries?.length === 0 && <p className="px-4 py-3 text-sm text-ink-faint">{auditText.none}</p>}
      <ol aria-label={auditText.title}>
        {entries?.map((entry) => (
          <Entry key={`${entry.at} ${entry.action} ${entry.subject}`} entry={entry} />
        ))}
      </ol>
      {query.hasNextPage && (
        <div className="p-2 text-center">
          <Button size="small" disabled={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            {text.common.more}
          </Button>
        </div>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const isDone = entry.outcome === "done";
  return (
    <li className="grid gap-x-4 gap-y-0.5 border-b border-line/70 px-4 py-2 text-sm last:border-0 sm:grid-cols-[8rem_minmax(0,1fr)_auto]">
      <span className="truncate font-medium" title={entry.who}>
        {entry.who}
      </span>
      <span className="min-w-0 break-words">
        {entry.action} <Subject subject={entry.subject} />
        {entry.reason && <span className="text-ink-soft"> · {entry.reason}</span>}
        <span className={cx("block text-xs", isDone ? "text-ink-faint" : "text-bad")}>{entry.outcome}</span>
      </span>
      <TimeText at={entry.at} className="tabular text-xs text-ink-faint" />
    </li>
  );
}

function Subject({ subject }: { subject: string }) {
  const [kind, id] = subject.split(" ", 2);
  if (kind === "key") return <span>{subject.slice("key ".length)}</span>; // the action names it: "create key"
  if (kind !== "run" || id === undefined) return <span>{subject}</span>;
  return (
    <Link to="/runs/$runId" params={{ runId: id }} className="underline">
      {kind} <ShortId id={id} className="font-mono text-xs" />
    </Link>
  );
}
