import { CircleX } from "lucide-react";
import type { RunError } from "@/shared/api/types";
import { CopyButton } from "@/shared/ui/copy-button";
import { runText } from "./text";

/** What went wrong, first of all: type, sentence, where; the traceback folded. */
export function FailureCard({ error }: { error: RunError }) {
  const where = runText.failedAt(error.node, error.attempt);
  return (
    <section aria-label={error.type} className="card border-bad/40 bg-bad-soft p-3">
      <div className="flex items-start gap-2.5">
        <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" strokeWidth={2.25} />
        <div className="min-w-0 flex-1">
          <p className="text-sm">
            <span className="font-semibold text-bad">{error.type}</span>
            {where && <span className="text-ink-soft"> {where}</span>}
          </p>
          <p className="mt-0.5 text-sm break-words whitespace-pre-wrap">{error.message}</p>
          {error.traceback && (
            <details className="mt-2">
              <summary className="w-fit rounded text-xs text-ink-soft hover:text-ink">
                {runText.traceback}
              </summary>
              <div className="relative mt-2">
                <CopyButton value={error.traceback} className="absolute top-1 right-1" />
                <pre
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
                  tabIndex={0}
                  className="max-h-80 overflow-auto rounded-md border border-line bg-surface p-3 font-mono text-xs"
                >
                  {error.traceback}
                </pre>
              </div>
            </details>
          )}
        </div>
      </div>
    </section>
  );
}
