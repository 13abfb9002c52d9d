import { saveAnswer } from "@/shared/api/save-file";
import type { Run } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { SavingLink } from "@/shared/ui/saving-link";
import type { RunLog } from "../run-log";
import { consoleText } from "../text";

/** What is shown, up to where, and whether it is up to date. */
export function ConsoleFooter({ run, log, shown }: { run: Run; log: RunLog; shown: number }) {
  const { feed, lines } = log;
  const events = `/api/runs/${run.run_id}/events?limit=1000`;
  const tone =
    feed === "live" || feed === "ended" ? "text-good" : feed === "offline" ? "text-bad" : "text-ink-soft";
  return (
    <footer className="tabular flex flex-wrap items-center gap-x-3 border-t border-line px-3 py-1.5 text-xs text-ink-faint">
      <span role="status" data-feed={feed} data-last-seq={log.lastSeq} className={cx("font-medium", tone)}>
        {feed === "refused" ? consoleText.refused(log.refusal) : text.connection[feed]}
      </span>
      <span>{consoleText.lines(shown, lines.size)}</span>
      <span>{consoleText.upTo(log.lastSeq)}</span>
      {lines.first > 0 && <span>{consoleText.dropped(lines.first)}</span>}
      <SavingLink
        href={events}
        save={() => saveAnswer(events, `events-${run.run_id}.json`)}
        className="ml-auto underline hover:text-ink"
      >
        {consoleText.allEvents}
      </SavingLink>
    </footer>
  );
}
