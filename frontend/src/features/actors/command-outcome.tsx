import { useQuery } from "@tanstack/react-query";
import type { HostCommand } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { CopyButton } from "@/shared/ui/copy-button";
import { getHostCommand } from "./api/ask-host";
import { actorsText } from "./text";

const TONE: Record<HostCommand["outcome"], string> = {
  pending: "text-ink-soft",
  done: "text-good",
  refused: "text-bad",
  lost: "text-warn",
};

/** What came of something that was asked of a host: a word, and its answer; a stack is shown as what it is. */
export function CommandOutcome({ asked, word, title }: { asked: HostCommand; word: string; title: string }) {
  const { data } = useQuery(getHostCommand(asked));
  const isStack = data.kind === "dump_stack" && data.outcome === "done" && data.answer !== null;
  return (
    <section aria-label={title} className="mt-3">
      <p role="status" data-outcome={data.outcome} className={cx("text-sm", TONE[data.outcome])}>
        {word}: {actorsText.outcomes[data.outcome]}
        {!isStack && data.answer && <span className="text-ink-soft">. {data.answer}</span>}
      </p>
      {isStack && (
        <div className="relative mt-2">
          <CopyButton value={data.answer ?? ""} className="absolute top-1 right-1 bg-surface" />
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
            tabIndex={0}
            aria-label={actorsText.stack}
            role="region"
            className="max-h-96 overflow-auto rounded-md border border-line bg-sunken p-3 pr-10 font-mono text-xs"
          >
            {data.answer}
          </pre>
        </div>
      )}
    </section>
  );
}
