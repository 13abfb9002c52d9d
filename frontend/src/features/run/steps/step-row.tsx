import { CornerDownRight } from "lucide-react";
import { memo } from "react";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { duration } from "@/shared/time";
import { DurationText } from "@/shared/ui/duration-text";
import { StatusBadge } from "@/shared/ui/status-badge";
import type { Step } from "./step-list";

const INDENT_REM = 0.75;
/** Deeper ones stand at the same place; their path is in the title. */
const MAX_INDENT = 5;

interface StepRowProps {
  step: Step;
  isSelected: boolean;
  onSelect: (node: string) => void;
}

export const StepRow = memo(function StepRow({ step, isSelected, onSelect }: StepRowProps) {
  const depth = step.isOwn ? 0 : Math.max(1, step.path.length);
  return (
    <div
      className={cx(
        "relative grid h-full grid-cols-[minmax(0,1fr)_auto_5rem] items-center gap-3 border-b border-line/60 px-4 text-sm",
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span
        role="cell"
        className="flex min-w-0 items-center gap-2"
        style={{ paddingLeft: `${Math.min(depth, MAX_INDENT) * INDENT_REM}rem` }}
      >
        {depth > 0 && (
          <CornerDownRight
            role="img"
            aria-label={text.steps.inside(step.path.join(" › "))}
            className="size-3.5 shrink-0 text-ink-faint"
          />
        )}
        <button
          type="button"
          aria-pressed={isSelected}
          title={titleOf(step)}
          onClick={() => onSelect(step.node)}
          className="max-w-[65%] shrink-0 truncate text-left font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
        >
          {step.node}
        </button>
        {step.step !== null && (
          <span className="tabular text-xs whitespace-nowrap text-ink-faint">
            {text.steps.step(step.step)}
          </span>
        )}
        {step.attempt > 1 && (
          <span className="tabular rounded bg-warn-soft px-1.5 text-xs leading-5 whitespace-nowrap text-warn">
            {text.steps.attempt(step.attempt)}
          </span>
        )}
        {step.isCached && (
          <span className="rounded bg-neutral-soft px-1.5 text-xs leading-5 whitespace-nowrap text-neutral">
            {text.steps.cached}
          </span>
        )}
        {step.handledBy && (
          <span className="rounded bg-neutral-soft px-1.5 text-xs leading-5 whitespace-nowrap text-neutral">
            {text.steps.handledBy(step.handledBy)}
          </span>
        )}
        {step.progress && <Progress progress={step.progress} />}
        {step.error && (
          <span title={step.error} className="min-w-0 truncate text-xs text-bad">
            {step.error}
          </span>
        )}
      </span>
      <span role="cell" className="flex">
        <StatusBadge status={step.status} look="line" className="text-xs" />
      </span>
      <span role="cell" className="tabular text-right text-xs text-ink-soft">
        <Lasted step={step} />
      </span>
    </div>
  );
});

function titleOf(step: Step): string {
  const place = step.path.length > 0 ? `${[...step.path, step.node].join(" › ")}. ` : "";
  return place + text.steps.filter(step.node);
}

function Lasted({ step }: { step: Step }) {
  if (step.durationMs !== null) return duration(step.durationMs);
  if (step.status === "lost") return null;
  return <DurationText from={step.startedAt} to={step.finishedAt} />;
}

function Progress({ progress }: { progress: NonNullable<Step["progress"]> }) {
  const { done, total, label } = progress;
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-xs text-ink-faint">
      {total !== null && (
        <progress
          value={done}
          max={total}
          aria-label={label || text.steps.title}
          className="h-1.5 w-16 accent-active"
        />
      )}
      <span className="tabular truncate">{total === null ? done : `${done} / ${total}`}</span>
    </span>
  );
}
