import { ListTree } from "lucide-react";
import type { Run } from "@/shared/api/types";
import { statusLook } from "@/shared/status";
import { text } from "@/shared/text";
import { EmptyState } from "@/shared/ui/empty-state";
import { VirtualList } from "@/shared/ui/virtual-list";
import type { RunLog } from "../run-log";
import type { Step } from "./step-list";
import { StepRow } from "./step-row";

const ROW_HEIGHT = 36;

interface StepTableProps {
  steps: readonly Step[];
  log: RunLog;
  run: Run;
  selected: string | undefined;
  onSelect: (node: string) => void;
}

export function StepTable({ steps, log, run, selected, onSelect }: StepTableProps) {
  const done = steps.filter((step) => step.status === "completed").length;
  return (
    <section
      aria-label={text.steps.title}
      className="card flex min-h-48 flex-1 flex-col overflow-hidden max-xl:max-h-96"
    >
      <div className="flex items-baseline gap-2 border-b border-line px-4 py-2.5">
        <h2 className="text-sm font-medium">{text.steps.title}</h2>
        <span className="tabular text-xs text-ink-faint">
          {steps.length > 0 && text.steps.summary(done, steps.length)}
        </span>
        {log.startedAfter > 0 && (
          <span className="text-xs text-warn">{text.steps.notLoaded(log.startedAfter)}</span>
        )}
      </div>
      {steps.length === 0 ? (
        <EmptyState
          icon={ListTree}
          title={text.steps.empty}
          why={run.status === "queued" ? text.steps.emptyQueued : undefined}
        />
      ) : (
        <VirtualList
          label={text.steps.list}
          count={steps.length}
          rowHeight={ROW_HEIGHT}
          rowKey={(index) => steps[index]?.taskId ?? index}
          row={(index) => {
            const step = steps[index];
            return step && <StepRow step={step} isSelected={step.node === selected} onSelect={onSelect} />;
          }}
          isFollowing={!statusLook(run.status).isTerminal}
          className="flex-1"
        />
      )}
    </section>
  );
}
