import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ThreadCheckpoint } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";
import { TimeText } from "@/shared/ui/time-text";
import { BranchLines, ROW_HEIGHT } from "./branch-lines";
import { type Place, placesOf, widthOf } from "./lanes";

interface HistoryListProps {
  threadId: string;
  checkpoints: readonly ThreadCheckpoint[];
  selected: string;
}

export function HistoryList({ threadId, checkpoints, selected }: HistoryListProps) {
  const places = useMemo(() => placesOf(checkpoints), [checkpoints]);
  const width = useMemo(() => widthOf(places), [places]);
  return (
    <ol aria-label={text.thread.history}>
      {checkpoints.map((checkpoint, index) => (
        <Row
          key={checkpoint.checkpoint_id}
          threadId={threadId}
          checkpoint={checkpoint}
          place={places[index] as Place}
          width={width}
          isNewest={index === 0}
          isSelected={checkpoint.checkpoint_id === selected}
        />
      ))}
    </ol>
  );
}

interface RowProps {
  threadId: string;
  checkpoint: ThreadCheckpoint;
  place: Place;
  width: number;
  isNewest: boolean;
  isSelected: boolean;
}

function Row({ threadId, checkpoint, place, width, isNewest, isSelected }: RowProps) {
  const { step, source, next, created_at, checkpoint_id } = checkpoint;
  return (
    <li style={{ height: ROW_HEIGHT }}>
      <Link
        to="/threads/$threadId"
        params={{ threadId }}
        search={{ checkpoint: isNewest ? undefined : checkpoint_id }}
        replace
        resetScroll={false}
        aria-current={isSelected ? "true" : undefined}
        className={cx(
          "flex h-full items-center gap-2 pr-3 pl-2 -outline-offset-2 hover:bg-hover",
          isSelected && "bg-selected hover:bg-selected",
        )}
      >
        <BranchLines place={place} width={width} isSelected={isSelected} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2 text-sm">
            <span className="tabular font-medium whitespace-nowrap">{text.steps.step(step)}</span>
            <span className="truncate text-ink-soft">{text.thread.source(source)}</span>
            {place.joining.length > 0 && (
              <span className="rounded bg-neutral-soft px-1.5 text-xs leading-5 whitespace-nowrap text-neutral">
                {text.thread.branches(place.joining.length + 1)}
              </span>
            )}
            <TimeText at={created_at} className="ml-auto text-xs whitespace-nowrap text-ink-faint" />
          </span>
          <span className="block truncate text-xs text-ink-faint">
            {next.length > 0 ? text.thread.next(next.join(", ")) : text.thread.end}
          </span>
        </span>
      </Link>
    </li>
  );
}
