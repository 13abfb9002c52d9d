import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { FilterX, Plus, Workflow } from "lucide-react";
import { useCallback } from "react";
import type { RunFilters } from "@/shared/api/keys";
import { listRuns } from "@/shared/api/list-runs";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { buttonClass } from "@/shared/ui/button";
import { CommandList } from "@/shared/ui/command-list";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { HealthStrip } from "./health-strip";
import { RunFilterBar } from "./run-filter-bar";
import { RunTable } from "./run-table";

const route = getRouteApi("/runs");

export function RunsPage() {
  useTitle(text.runs.title);
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const setFilters = (search: RunFilters) => navigate({ search, replace: true });
  const query = useInfiniteQuery(listRuns(filters));
  const total = query.data?.pages[0]?.total;
  return (
    <div className="flex h-full flex-col gap-4 p-4 lg:p-6">
      <PageHeader
        title={text.runs.title}
        facts={total != null && <span className="tabular">{text.runs.total(total)}</span>}
      >
        <Link to="/runs/new" className={buttonClass("primary")}>
          <Plus aria-hidden className="size-4" />
          {text.nav.newRun}
        </Link>
      </PageHeader>
      <HealthStrip />
      <RunFilterBar filters={filters} onChange={setFilters} />
      <section aria-label={text.runs.list} className="card flex min-h-80 flex-1 flex-col overflow-hidden">
        <RunList filters={filters} />
      </section>
    </div>
  );
}

function RunList({ filters }: { filters: RunFilters }) {
  const query = useInfiniteQuery(listRuns(filters));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (query.isPending) return <Skeleton rows={10} />;
  if (query.isError)
    return <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />;
  const runs = query.data.pages.flatMap((page) => page.items);
  if (runs.length > 0) return <RunTable runs={runs} onEndNear={loadMore} />;
  if (Object.values(filters).some(Boolean)) {
    return <EmptyState icon={FilterX} title={text.runs.emptyFiltered} why={text.runs.emptyFilteredWhy} />;
  }
  return (
    <EmptyState icon={Workflow} title={text.runs.empty} why={text.runs.emptyWhy}>
      <CommandList commands={text.firstCommands(window.location.origin)} />
    </EmptyState>
  );
}
