import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { getWorkflow } from "@/shared/api/get-workflow";
import type { Run } from "@/shared/api/types";
import { WorkflowGraphView } from "@/shared/graph/workflow-graph-view";
import { useTitle } from "@/shared/hooks/use-title";
import { statusLook } from "@/shared/status";
import { text } from "@/shared/text";
import { FailureCard } from "./failure-card";
import { HeldCard } from "./held/held-card";
import { RunHeader } from "./run-header";
import type { RunLog } from "./run-log";
import { RunTabs } from "./run-tabs";
import { nodeStates } from "./steps/node-states";
import { StepTable } from "./steps/step-table";
import { useLog } from "./use-log";
import { useRunFeed } from "./use-run-feed";
import { WaitCards } from "./waits/wait-cards";

const stepsOf = (log: RunLog) => log.steps;

const route = getRouteApi("/runs/$runId");

export function RunView({ run }: { run: Run }) {
  useTitle(`${statusLook(run.status).word}: ${run.name}`);
  const log = useRunFeed(run);
  const { node } = route.useSearch();
  const navigate = route.useNavigate();
  const selectNode = (next: string | undefined) =>
    navigate({ search: (now) => ({ ...now, node: next === node ? undefined : next }), replace: true });
  const workflow = useQuery(getWorkflow(run.workflow));
  const steps = useLog(log, stepsOf);
  const states = useMemo(() => nodeStates(steps, run.status), [steps, run.status]);
  return (
    <div className="flex min-h-full flex-col gap-4 p-4 lg:p-6 xl:h-full">
      <RunHeader run={run} />
      {run.error && <FailureCard error={run.error} />}
      <HeldCard run={run} />
      <WaitCards run={run} />
      <div className="grid min-h-0 flex-1 gap-4 xl:min-h-[38rem] xl:grid-cols-[minmax(0,5fr)_minmax(0,8fr)]">
        <div className="flex min-h-0 min-w-0 flex-col gap-4">
          {workflow.data && (
            <section aria-label={text.graph.title} className="card h-64 shrink-0 overflow-hidden xl:h-[50%]">
              <WorkflowGraphView
                graph={workflow.data.graph}
                label={text.graph.label(run.workflow)}
                states={states}
                selected={node}
                onSelect={selectNode}
              />
            </section>
          )}
          <StepTable steps={steps} log={log} run={run} selected={node} onSelect={selectNode} />
        </div>
        <RunTabs run={run} log={log} />
      </div>
    </div>
  );
}
