import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import { ArtifactList } from "@/shared/artifact/artifact-list";
import { ArtifactView } from "@/shared/artifact/artifact-view";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { listArtifacts } from "./api/list-artifacts";

const route = getRouteApi("/artifacts");

export function ArtifactsPage() {
  useTitle(text.artifacts.title);
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader title={text.artifacts.title} />
      <Content />
    </div>
  );
}

function Content() {
  const { artifact: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(listArtifacts());
  if (query.isPending) return <Skeleton />;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const artifacts = query.data.pages.flatMap((page) => page.items);
  if (artifacts.length === 0) {
    return (
      <div className="card">
        <EmptyState icon={FileText} title={text.artifacts.none} why={text.artifacts.noneWhy} />
      </div>
    );
  }
  const selected = artifacts.find((each) => each.artifact_id === wanted) ?? artifacts[0];
  return (
    <div className="grid items-start gap-4 md:grid-cols-[minmax(0,20rem)_minmax(0,1fr)]">
      <section aria-label={text.artifacts.list} className="card overflow-hidden">
        <ArtifactList
          label={text.artifacts.list}
          artifacts={artifacts}
          selected={selected?.artifact_id}
          onSelect={(artifact) => navigate({ search: { artifact }, replace: true })}
          hasOrigin
        />
        {query.hasNextPage && (
          <div className="border-t border-line p-2">
            <Button
              className="w-full"
              disabled={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {text.common.more}
            </Button>
          </div>
        )}
      </section>
      <section aria-label={text.common.preview} className="card min-w-0">
        {selected && <ArtifactView artifact={selected} />}
      </section>
    </div>
  );
}
