import { type KeyboardEvent, useEffect, useRef } from "react";
import type { RunLog } from "../run-log";
import { consoleText } from "../text";
import { ConsoleRow } from "./console-row";
import type { Line } from "./line";
import type { FilteredLines } from "./line-buffer";
import { LINE_HEIGHT, windowOf } from "./line-window";
import { useLineScroller } from "./use-line-scroller";

/** Rows are used again in a ring of so many: a line that scrolls out gives its elements to one that comes in. */
const ROW_POOL = 256;

interface ConsoleLinesProps {
  log: RunLog;
  view: FilteredLines;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  selected: Line | undefined;
  selectedPlace: number;
  onSelect: (line: Line) => void;
  /** A place to bring into view, once for each object. */
  jump: { place: number } | null;
}

/** The lines that are looked at. */
export function ConsoleLines(props: ConsoleLinesProps) {
  const { log, view, isFollowing, onFollow, selected, selectedPlace, onSelect, jump } = props;
  const { ref, viewport, onScroll, reveal } = useLineScroller(isFollowing, onFollow, log.lastSeq);
  const count = view.length;
  const { from, to } = windowOf(viewport, count);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each jump.
  useEffect(() => {
    if (jump) reveal(jump.place, true);
  }, [jump]);
  // A link to a line brings it into view, as soon as the line is there.
  const isWanted = useRef(selectedPlace >= 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: until the line is there, and then once.
  useEffect(() => {
    if (!isWanted.current || !selected) return;
    isWanted.current = false;
    reveal(selectedPlace, true);
  }, [selected, selectedPlace]);
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || count === 0) return;
    event.preventDefault();
    const start = selectedPlace >= 0 ? selectedPlace : by > 0 ? -1 : count;
    const place = Math.max(0, Math.min(count - 1, start + by));
    const line = log.lines.at(view.numberAt(place));
    reveal(place, false);
    if (line) onSelect(line);
  };
  const places = Array.from({ length: to - from }, (_, at) => from + at);
  return (
    <div
      ref={ref}
      role="log"
      aria-label={consoleText.label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={step}
      className="min-h-0 flex-1 overflow-y-auto bg-sunken py-1 -outline-offset-2 [overflow-anchor:none]"
    >
      <div className="relative w-full" style={{ height: count * LINE_HEIGHT }}>
        {places.map((place) => {
          const line = log.lines.at(view.numberAt(place));
          return (
            <div
              key={place % ROW_POOL}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${place * LINE_HEIGHT}px)` }}
            >
              {line && <ConsoleRow line={line} isSelected={line === selected} onSelect={onSelect} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}
