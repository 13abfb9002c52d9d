import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Unplug } from "lucide-react";
import { listWorkflows } from "@/shared/api/list-workflows";
import type { Workflow } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { CommandList } from "@/shared/ui/command-list";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { StatusBadge } from "@/shared/ui/status-badge";
import { workflowsText } from "./text";
import { WorkflowDetail } from "./workflow-detail";

const route = getRouteApi("/workflows");

export function WorkflowsPage() {
  useTitle(workflowsText.title);
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader title={workflowsText.title} />
      <Content />
    </div>
  );
}

function Content() {
  const { name } = route.useSearch();
  const query = useQuery(listWorkflows());
  if (query.isPending) return <Skeleton />;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const selected =
    query.data.find((each) => each.name === name) ??
    query.data.find((each) => each.is_default) ??
    query.data[0];
  if (!selected) {
    return (
      <EmptyState icon={Unplug} title={workflowsText.none} why={workflowsText.noneWhy}>
        <CommandList commands={text.hostCommands} />
      </EmptyState>
    );
  }
  return (
    <div className="grid items-start gap-4 md:grid-cols-[15rem_minmax(0,1fr)] xl:grid-cols-[19rem_minmax(0,1fr)]">
      <nav aria-label={workflowsText.title}>
        <ul className="card overflow-hidden">
          {query.data.map((workflow) => (
            <Item key={workflow.name} workflow={workflow} isSelected={workflow === selected} />
          ))}
        </ul>
      </nav>
      <WorkflowDetail workflow={selected} />
    </div>
  );
}

function Item({ workflow, isSelected }: { workflow: Workflow; isSelected: boolean }) {
  return (
    <li className="border-b border-line/70 last:border-0">
      <Link
        to="/workflows"
        search={{ name: workflow.name }}
        replace
        aria-current={isSelected ? "true" : undefined}
        className={cx(
          "block px-3 py-2.5 -outline-offset-2 hover:bg-hover",
          isSelected && "bg-selected hover:bg-selected",
        )}
      >
        <span className="flex items-baseline gap-2">
          <span className="truncate text-sm font-medium">{workflow.name}</span>
          {workflow.is_paused && <StatusBadge status="paused" look="line" className="text-xs" />}
          {workflow.is_default && <span className="text-xs text-ink-faint">{workflowsText.default}</span>}
        </span>
        <span className={cx("text-xs", workflow.hosts > 0 ? "text-ink-faint" : "text-warn")}>
          {workflowsText.hosts(workflow.hosts)}
        </span>
      </Link>
    </li>
  );
}
