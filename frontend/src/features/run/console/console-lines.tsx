import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from "react";
import { text } from "@/shared/text";
import type { RunLog } from "../run-log";
import { ConsoleRow } from "./console-row";
import type { Line } from "./line";
import type { FilteredLines } from "./line-buffer";

const LINE_HEIGHT = 20;
const AT_END_PIXELS = 24;

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

/** The lines that are looked at. Follows the end until a person scrolls up, and again when they are back there. */
export function ConsoleLines(props: ConsoleLinesProps) {
  const { log, view, isFollowing, onFollow, selected, selectedPlace, onSelect, jump } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const virtual = useVirtualizer({
    count: view.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (place) => view.numberAt(place),
    overscan: 20,
  });
  const count = view.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to scroll.
  useLayoutEffect(() => {
    if (isFollowing && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [isFollowing, count, log.lastSeq]);
  // The room changes too (a detail opens, the window is resized): the end stays in view then.
  useEffect(() => {
    const element = scroller.current;
    if (!isFollowing || !element) return;
    const observer = new ResizeObserver(() => element.scrollTo({ top: element.scrollHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [isFollowing]);
  useEffect(() => {
    if (jump) virtual.scrollToIndex(jump.place, { align: "center" });
  }, [jump, virtual]);
  // A link to a line brings it into view, as soon as the line is there.
  const wanted = useRef(selectedPlace >= 0);
  useEffect(() => {
    if (!wanted.current || !selected) return;
    wanted.current = false;
    virtual.scrollToIndex(selectedPlace, { align: "center" });
  }, [selected, selectedPlace, virtual]);
  const scrolled = () => {
    const element = scroller.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PIXELS;
    const isUpwards = element.scrollTop < lastTop.current - 1;
    lastTop.current = element.scrollTop;
    if (isFollowing && isUpwards && !isAtEnd) onFollow(false);
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || count === 0) return;
    event.preventDefault();
    const from = selectedPlace >= 0 ? selectedPlace : by > 0 ? -1 : count;
    const place = Math.max(0, Math.min(count - 1, from + by));
    const line = log.lines.at(view.numberAt(place));
    virtual.scrollToIndex(place);
    if (line) onSelect(line);
  };
  return (
    <div
      ref={scroller}
      role="log"
      aria-label={text.console.label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      onScroll={scrolled}
      onKeyDown={step}
      className="min-h-0 flex-1 overflow-y-auto bg-sunken py-1 -outline-offset-2 [overflow-anchor:none]"
    >
      <div className="relative w-full" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = log.lines.at(view.numberAt(item.index));
          return (
            <div
              key={item.key}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {line && <ConsoleRow line={line} isSelected={line === selected} onSelect={onSelect} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}
