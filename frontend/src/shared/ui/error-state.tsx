import { CircleAlert, Unplug } from "lucide-react";
import { ApiProblem } from "@/shared/api/problem";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { Button } from "./button";

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
  className?: string;
}

export function ErrorState({ error, onRetry, className }: ErrorStateProps) {
  const problem = error instanceof ApiProblem ? error : null;
  const Icon = problem?.isUnreachable ? Unplug : CircleAlert;
  const title = problem?.title ?? text.problem.unknown;
  const detail = error instanceof Error ? error.message : String(error);
  return (
    <div
      role="alert"
      className={cx("card flex items-start gap-3 border-bad/40 bg-bad-soft p-3 text-sm", className)}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium text-bad">{title}</p>
        {detail !== title && <p className="mt-0.5 break-words text-ink-soft">{detail}</p>}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {text.problem.retry}
        </Button>
      )}
    </div>
  );
}
