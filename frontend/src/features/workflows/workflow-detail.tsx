import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import type { Workflow } from "@/shared/api/types";
import { isRealNode } from "@/shared/graph/real-nodes";
import { WorkflowGraphView } from "@/shared/graph/workflow-graph-view";
import { JsonPanel } from "@/shared/json/json-panel";
import { text } from "@/shared/text";
import { buttonClass } from "@/shared/ui/button";
import { CopyButton } from "@/shared/ui/copy-button";
import { StatusBadge } from "@/shared/ui/status-badge";
import { PauseWorkflow } from "./pause-workflow";
import { workflowsText } from "./text";
import { VersionsPanel } from "./versions-panel";

export function WorkflowDetail({ workflow }: { workflow: Workflow }) {
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <section aria-label={workflow.name} className="card overflow-hidden">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line p-4">
          <div className="min-w-0 flex-1 basis-64">
            <h2 className="flex flex-wrap items-center gap-2 text-base font-semibold">
              {workflow.name}
              {workflow.is_paused && <StatusBadge status="paused" />}
            </h2>
            {workflow.is_paused && <p className="text-sm text-warn">{text.paused.workflowWhy}</p>}
            {workflow.description && <p className="text-sm text-ink-soft">{workflow.description}</p>}
            <p className="mt-1 flex flex-wrap items-center gap-x-1 text-xs text-ink-faint">
              {workflowsText.nodes(workflow.graph.nodes.filter(({ id }) => isRealNode(id)).length)} ·{" "}
              {workflowsText.hosts(workflow.hosts)} · {workflowsText.version}
              <code className="font-mono" title={workflow.graph_hash}>
                {workflow.graph_hash.slice(0, 12)}
              </code>
              <CopyButton value={workflow.graph_hash} />
            </p>
          </div>
          <PauseWorkflow workflow={workflow} />
          <Link to="/runs" search={{ workflow: workflow.name }} className={buttonClass("plain")}>
            {workflowsText.runsOf}
          </Link>
          <Link
            to="/runs/new"
            search={{ workflow: workflow.name }}
            aria-label={workflowsText.runThis(workflow.name)}
            className={buttonClass("primary")}
          >
            <Play aria-hidden className="size-4" />
            {workflowsText.run}
          </Link>
        </div>
        <div className="h-96 bg-canvas">
          <WorkflowGraphView
            key={workflow.name}
            graph={workflow.graph}
            label={text.graph.label(workflow.name)}
          />
        </div>
      </section>
      <VersionsPanel key={workflow.name} workflow={workflow.name} />
      <section aria-label={workflowsText.schema} className="card p-4">
        <h3 className="mb-2 text-sm font-medium">{workflowsText.schema}</h3>
        <JsonPanel source={JSON.stringify(workflow.input_schema)} label={workflowsText.schema} />
      </section>
    </div>
  );
}
