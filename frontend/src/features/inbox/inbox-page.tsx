import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { PendingInterrupt } from "@/shared/api/types";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { InterruptCard } from "@/shared/waits/interrupt-card";
import { listInbox } from "@/shared/waits/list-waits";

/** Everything that waits for a person, the oldest first; the feed of all runs keeps it true. */
export function InboxPage() {
  const query = useQuery(listInbox());
  const total = query.data?.total ?? query.data?.items.length;
  useTitle(total ? `(${total}) ${text.inbox.title}` : text.inbox.title);
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 lg:p-6">
      <PageHeader
        title={text.inbox.title}
        facts={!!total && <span className="tabular">{text.inbox.total(total)}</span>}
      />
      <Content />
    </div>
  );
}

function Content() {
  const query = useQuery(listInbox());
  const [answered, setAnswered] = useState<PendingInterrupt | null>(null);
  if (query.isPending) return <Skeleton />;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const { items, total } = query.data;
  const further = (total ?? items.length) - items.length;
  return (
    <>
      {answered && <Answered key={answered.id} wait={answered} />}
      {items.length === 0 && <EmptyState icon={Inbox} title={text.inbox.empty} why={text.inbox.emptyWhy} />}
      <ul aria-label={text.inbox.list} className="flex flex-col gap-4">
        {items.map((wait) => (
          <li key={`${wait.run_id} ${wait.id}`}>
            <InterruptCard
              interrupt={wait}
              about={<About wait={wait} />}
              onAnswered={() => setAnswered(wait)}
            />
          </li>
        ))}
      </ul>
      {further > 0 && <p className="text-sm text-ink-faint">{text.inbox.more(further)}</p>}
    </>
  );
}

function About({ wait }: { wait: PendingInterrupt }) {
  return (
    <p className="mt-0.5 flex flex-wrap items-baseline gap-x-2 text-sm text-ink-soft">
      <Link
        to="/runs/$runId"
        params={{ runId: wait.run_id }}
        className="min-w-0 truncate font-medium text-ink hover:underline"
      >
        {wait.run_name}
      </Link>
      <Link to="/workflows" search={{ name: wait.workflow }} className="min-w-0 truncate hover:underline">
        {wait.workflow}
      </Link>
    </p>
  );
}

/** Takes the focus from the card that has gone, so that the keyboard does not fall out of the page. */
function Answered({ wait }: { wait: PendingInterrupt }) {
  const ref = useRef<HTMLParagraphElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <p
      ref={ref}
      role="status"
      tabIndex={-1}
      className="rounded-lg bg-good-soft px-3 py-2 text-sm break-words text-good"
    >
      {text.inbox.answered(wait.run_name)}{" "}
      <Link to="/runs/$runId" params={{ runId: wait.run_id }} className="underline">
        {text.inbox.toRun}
      </Link>
    </p>
  );
}
