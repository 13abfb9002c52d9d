import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import { getRun } from "@/shared/api/get-run";
import { ApiProblem } from "@/shared/api/problem";
import { buttonClass } from "@/shared/ui/button";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { RunView } from "./run-view";
import { runText } from "./text";

const route = getRouteApi("/runs/$runId");
const NOT_MOVING = new Set(["queued", "waiting", "sleeping", "interrupted"]);
const LOOK_EVERY_MS = 5_000;
const NO_SUCH_RUN = new Set([404, 422]);

export function RunPage() {
  const { runId } = route.useParams();
  const query = useQuery({
    ...getRun(runId),
    // That a run is held, or has no host, no event tells.
    refetchInterval: ({ state }) => (NOT_MOVING.has(state.data?.status ?? "") ? LOOK_EVERY_MS : false),
  });
  if (query.data) return <RunView key={runId} run={query.data} />;
  if (query.isPending) return <Skeleton rows={8} className="p-6" />;
  if (query.error instanceof ApiProblem && NO_SUCH_RUN.has(query.error.status)) {
    return (
      <div className="p-6">
        <h1 className="sr-only">{runText.notFound}</h1>
        <EmptyState icon={FileQuestion} title={runText.notFound} why={runText.notFoundWhy}>
          <Link to="/runs" className={buttonClass("plain")}>
            {runText.back}
          </Link>
        </EmptyState>
      </div>
    );
  }
  return <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-6" />;
}
