import { FilterX, SquareTerminal } from "lucide-react";
import { useState } from "react";
import type { Run } from "@/shared/api/types";
import { EmptyState } from "@/shared/ui/empty-state";
import type { RunLog } from "../run-log";
import { consoleText } from "../text";
import { useLog } from "../use-log";
import { ConsoleBar } from "./console-bar";
import { ConsoleFooter } from "./console-footer";
import { ConsoleLines } from "./console-lines";
import type { Line } from "./line";
import { LineDetail } from "./line-detail";
import { useConsoleFilter } from "./use-console-filter";

/** All lines of a run as they happen, in order, none missing unseen. */
export function Console({ run, log }: { run: Run; log: RunLog }) {
  useLog(log, (now) => now.version());
  const filter = useConsoleFilter(log);
  const { view, selectedSeq, change } = filter;
  const [isFollowing, setFollowing] = useState(selectedSeq === undefined);
  const [jump, setJump] = useState<{ place: number } | null>(null);
  const select = (line: Line | null) => {
    if (line) setFollowing(false);
    change({ line: line?.seq });
  };
  const selectedPlace = selectedSeq === undefined ? -1 : view.placeOf(selectedSeq);
  const selected = selectedPlace < 0 ? undefined : log.lines.at(view.numberAt(selectedPlace));
  const toFirstError = () => {
    const place = view.firstError();
    const line = log.lines.at(view.numberAt(place));
    if (place < 0 || !line) return;
    setJump({ place });
    select(line);
  };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <ConsoleBar
        filter={filter}
        isFollowing={isFollowing}
        onFollow={setFollowing}
        onFirstError={toFirstError}
      />
      {view.length > 0 ? (
        <ConsoleLines
          log={log}
          view={view}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          selected={selected}
          selectedPlace={selectedPlace}
          onSelect={select}
          jump={jump}
        />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto bg-sunken">
          {filter.isFiltered && log.lines.size > 0 ? (
            <EmptyState icon={FilterX} title={consoleText.emptyFiltered} why={consoleText.emptyFilteredWhy} />
          ) : (
            <EmptyState
              icon={SquareTerminal}
              title={consoleText.empty}
              why={run.status === "queued" ? consoleText.emptyQueued : undefined}
            />
          )}
        </div>
      )}
      {selected && <LineDetail line={selected} onClose={() => select(null)} />}
      <ConsoleFooter run={run} log={log} shown={view.length} />
    </div>
  );
}
