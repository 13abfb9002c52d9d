import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Unplug } from "lucide-react";
import { getRun } from "@/shared/api/get-run";
import { listWorkflows } from "@/shared/api/list-workflows";
import { useTitle } from "@/shared/hooks/use-title";
import { text } from "@/shared/text";
import { CommandList } from "@/shared/ui/command-list";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { draftFor } from "./draft";
import { RunForm } from "./run-form";
import { WorkflowPicker } from "./workflow-picker";

const route = getRouteApi("/runs/new");

export function NewRunPage() {
  useTitle(text.newRun.title);
  return (
    <div className="mx-auto flex max-w-6xl flex-col gap-4 p-4 lg:p-6">
      <PageHeader title={text.newRun.title} />
      <Content />
    </div>
  );
}

function Content() {
  const { workflow: wanted, from, thread } = route.useSearch();
  const navigate = route.useNavigate();
  const workflows = useQuery(listWorkflows());
  const source = useQuery({ ...getRun(from ?? ""), enabled: from !== undefined });
  if (workflows.isPending || (from && source.isPending)) return <Skeleton />;
  if (workflows.isError) return <ErrorState error={workflows.error} onRetry={() => workflows.refetch()} />;
  const all = workflows.data;
  const name = wanted ?? source.data?.workflow;
  const selected = all.find((each) => each.name === name) ?? all.find((each) => each.is_default) ?? all[0];
  if (!selected) {
    return (
      <EmptyState icon={Unplug} title={text.newRun.noWorkflows} why={text.newRun.noWorkflowsWhy}>
        <CommandList commands={text.hostCommands} />
      </EmptyState>
    );
  }
  const takenOver = source.data?.workflow === selected.name ? source.data : undefined;
  return (
    <RunForm
      // Another workflow, or another version of it, has another form.
      key={`${selected.name} ${selected.graph_hash}`}
      workflow={selected}
      initial={draftFor(selected, takenOver, thread)}
      picker={
        <WorkflowPicker
          workflows={all}
          selected={selected}
          onSelect={(workflow) => navigate({ search: { workflow, thread }, replace: true })}
        />
      }
    />
  );
}
