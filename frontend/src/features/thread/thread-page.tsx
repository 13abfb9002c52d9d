import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Database, FileQuestion, Plus } from "lucide-react";
import { useEffect } from "react";
import { listHistory } from "@/shared/api/list-history";
import { listRuns } from "@/shared/api/list-runs";
import { ApiProblem } from "@/shared/api/problem";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { Button, buttonClass } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { CheckpointDetail } from "./checkpoint-detail";
import { HistoryList } from "./history-list";
import { ThreadRuns } from "./thread-runs";

const route = getRouteApi("/threads/$threadId");
const NO_SUCH_THREAD = new Set([404, 422]);

export function ThreadPage() {
  const { threadId } = route.useParams();
  useTitle(text.thread.title);
  const newest = useInfiniteQuery(listRuns({ thread_id: threadId })).data?.pages[0]?.items[0];
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader
        title={text.thread.title}
        facts={
          <span className="flex items-center">
            <code className="font-mono text-xs break-all">{threadId}</code>
            <CopyButton value={threadId} />
          </span>
        }
      >
        {newest && (
          <Link
            to="/runs/new"
            search={{ workflow: newest.workflow, thread: threadId }}
            className={buttonClass("plain")}
          >
            <Plus aria-hidden className="size-4" />
            {text.thread.newRun}
          </Link>
        )}
      </PageHeader>
      <Content
        key={threadId}
        threadId={threadId}
        workflow={newest?.workflow ?? ""}
        // Each run and each change of one may have added to the history.
        version={newest ? `${newest.run_id} ${newest.status} ${newest.last_seq}` : ""}
      />
    </div>
  );
}

function Content({ threadId, workflow, version }: { threadId: string; workflow: string; version: string }) {
  const { checkpoint: wanted } = route.useSearch();
  const query = useInfiniteQuery(listHistory(threadId));
  const { refetch } = query;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what it waits for.
  useEffect(() => {
    void refetch();
  }, [version, refetch]);
  if (query.isPending) return <Skeleton rows={8} />;
  if (query.error instanceof ApiProblem && NO_SUCH_THREAD.has(query.error.status))
    return <EmptyState icon={FileQuestion} title={text.thread.notFound} why={text.thread.notFoundWhy} />;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const checkpoints = query.data.pages.flatMap((page) => page.items);
  const newest = checkpoints[0];
  const selected = checkpoints.find(({ checkpoint_id }) => checkpoint_id === wanted) ?? newest;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,8fr)]">
      <div className="flex min-w-0 flex-col gap-4">
        <ThreadRuns threadId={threadId} />
        {selected && (
          <section aria-label={text.thread.history} className="card overflow-hidden">
            <div className="flex items-baseline gap-2 border-b border-line px-4 py-2.5">
              <h2 className="text-sm font-medium">{text.thread.history}</h2>
              <span className="tabular text-xs text-ink-faint">
                {text.state.checkpoints(query.data.pages[0]?.total ?? checkpoints.length)}
              </span>
            </div>
            <div
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
              tabIndex={0}
              className="max-h-[36rem] overflow-y-auto -outline-offset-2"
            >
              <HistoryList threadId={threadId} checkpoints={checkpoints} selected={selected.checkpoint_id} />
              {query.hasNextPage && (
                <div className="p-2 text-center">
                  <Button
                    size="small"
                    disabled={query.isFetchingNextPage}
                    onClick={() => query.fetchNextPage()}
                  >
                    {text.common.more}
                  </Button>
                </div>
              )}
            </div>
          </section>
        )}
      </div>
      {selected ? (
        <CheckpointDetail
          key={selected.checkpoint_id}
          threadId={threadId}
          workflow={workflow}
          checkpoint={selected}
          isNewest={selected === newest}
        />
      ) : (
        <EmptyState icon={Database} title={text.thread.empty} why={text.thread.emptyWhy} />
      )}
    </div>
  );
}
