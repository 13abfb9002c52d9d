import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import type { Run } from "@/shared/api/types";
import { ArtifactList } from "@/shared/artifact/artifact-list";
import { ArtifactView } from "@/shared/artifact/artifact-view";
import { text } from "@/shared/text";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { listRunArtifacts } from "../api/list-run-artifacts";

const route = getRouteApi("/runs/$runId");

export function RunArtifacts({ run }: { run: Run }) {
  const { artifact: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(listRunArtifacts(run.run_id));
  if (query.isPending) return <Skeleton />;
  if (query.isError)
    return <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />;
  if (query.data.length === 0) {
    return <EmptyState icon={FileText} title={text.artifacts.noneOfRun} why={text.artifacts.noneOfRunWhy} />;
  }
  const selected = query.data.find((each) => each.artifact_id === wanted) ?? query.data[0];
  return (
    <div className="grid min-h-full md:grid-cols-[minmax(0,14rem)_minmax(0,1fr)]">
      <div className="border-line max-md:border-b md:border-r">
        <ArtifactList
          label={text.artifacts.list}
          artifacts={query.data}
          selected={selected?.artifact_id}
          onSelect={(artifact) => navigate({ search: (now) => ({ ...now, artifact }), replace: true })}
        />
      </div>
      {selected && <ArtifactView artifact={selected} />}
    </div>
  );
}
