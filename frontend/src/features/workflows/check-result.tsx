import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { keys } from "@/shared/api/keys";
import { migrateRuns } from "@/shared/api/migrate-runs";
import type { MigrationAnswer, VersionCheck } from "@/shared/api/types";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { ShortId } from "@/shared/ui/short-id";
import { Skeleton } from "@/shared/ui/skeleton";
import { StatusBadge } from "@/shared/ui/status-badge";
import { checkVersion } from "./api/check-version";
import { shortHash } from "./short-hash";
import { workflowsText } from "./text";

const MAX_SHOWN = 20;

export function CheckResult({ workflow, graphHash }: { workflow: string; graphHash: string }) {
  const client = useQueryClient();
  const query = useQuery(checkVersion(workflow, graphHash));
  const migrate = useMutation({
    mutationFn: () => migrateRuns(workflow, { graph_hash: graphHash }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.workflow(workflow) }),
  });
  if (query.isError)
    return <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />;
  if (!query.data) return <Skeleton rows={2} className="p-4" />;
  const { runs, breaking } = query.data;
  return (
    <div className="flex flex-col gap-3 p-4">
      <h4 className="text-sm font-medium">{workflowsText.checkOf(shortHash(graphHash))}</h4>
      {runs.length === 0 ? (
        <p className="text-sm text-ink-faint">{workflowsText.allSame}</p>
      ) : (
        <>
          <p className="text-sm text-ink-soft">{workflowsText.breaking(breaking, runs.length)}</p>
          <RunFacts runs={runs} />
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <Button disabled={migrate.isPending || runs.length === breaking} onClick={() => migrate.mutate()}>
              {workflowsText.migrate(runs.length - breaking)}
            </Button>
            <p className="min-w-0 flex-1 basis-64 text-xs text-ink-faint">{workflowsText.migrateWhy}</p>
          </div>
        </>
      )}
      {migrate.isError && <ErrorState error={migrate.error} />}
      {migrate.data && <Outcome answer={migrate.data} />}
    </div>
  );
}

function RunFacts({ runs }: { runs: VersionCheck["runs"] }) {
  return (
    <>
      <ul aria-label={workflowsText.runsNamed} className="flex flex-col gap-2">
        {runs.slice(0, MAX_SHOWN).map((run) => (
          <li key={run.run_id} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-sm">
            <Link
              to="/runs/$runId"
              params={{ runId: run.run_id }}
              className="inline-flex min-h-6 items-center rounded hover:underline"
            >
              <ShortId id={run.run_id} className="font-mono text-xs" />
            </Link>
            <StatusBadge status={run.status} look="line" className="text-xs" />
            <Verdict breaks={run.breaks} />
            {run.problems.length > 0 && (
              <span className="w-full text-xs break-words text-ink-soft">{run.problems.join(" ")}</span>
            )}
          </li>
        ))}
      </ul>
      {runs.length > MAX_SHOWN && (
        <p className="text-xs text-ink-faint">{workflowsText.more(runs.length - MAX_SHOWN)}</p>
      )}
    </>
  );
}

function Verdict({ breaks }: { breaks: boolean }) {
  const Icon = breaks ? TriangleAlert : CircleCheck;
  return (
    <span className={`inline-flex items-center gap-1 text-xs ${breaks ? "text-warn" : "text-good"}`}>
      <Icon aria-hidden className="size-3.5" />
      {breaks ? workflowsText.breaks : workflowsText.fits}
    </span>
  );
}

function Outcome({ answer }: { answer: MigrationAnswer }) {
  return (
    <div role="status" className="text-sm">
      <p className={answer.migrated.length > 0 ? "text-good" : "text-ink-soft"}>
        {workflowsText.migrated(answer.migrated.length)}
      </p>
      {answer.refused.length > 0 && (
        <>
          <p className="mt-1 text-ink-soft">{workflowsText.refused(answer.refused.length)}</p>
          <ul className="mt-1 flex flex-col gap-1 text-xs text-ink-soft">
            {answer.refused.slice(0, MAX_SHOWN).map(({ run_id, reason }) => (
              <li key={run_id} className="break-words">
                <ShortId id={run_id} className="font-mono" /> {reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
