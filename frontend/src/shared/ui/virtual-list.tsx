import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { cx } from "@/shared/class-names";

interface VirtualListProps {
  /** Name of the list for who can't see it. */
  label: string;
  count: number;
  rowHeight: number;
  rowKey: (index: number) => string | number;
  /** A row; it gets its place from the list. */
  row: (index: number) => ReactNode;
  /** Told when the end comes near: time to load more. */
  onEndNear?: () => void;
  /** Told when the list leaves its top and when it is back. */
  onTopChange?: (isAtTop: boolean) => void;
  /** Keeps the end in view as rows come, until a person scrolls up. */
  isFollowing?: boolean;
  header?: ReactNode;
  className?: string;
}

const OVERSCAN = 8;

/** Draws only the rows that are looked at. Its markup is a table for screen readers. */
export function VirtualList(props: VirtualListProps) {
  const { label, count, rowHeight, rowKey, row, onEndNear, onTopChange, header, className } = props;
  const { isFollowing = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isAtTop = useRef(true);
  const isAtEnd = useRef(true);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: rowKey,
    overscan: OVERSCAN,
  });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count > 0 && lastIndex >= count - OVERSCAN) onEndNear?.();
  }, [lastIndex, count, onEndNear]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are another layout.
  useEffect(() => virtual.measure(), [rowHeight]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows are the reason to scroll.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (isFollowing && isAtEnd.current && element) element.scrollTop = element.scrollHeight;
  }, [isFollowing, count]);
  const watchEnds = () => {
    const element = scroller.current;
    if (!element) return;
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight;
    const now = element.scrollTop < rowHeight;
    if (now !== isAtTop.current) onTopChange?.(now);
    isAtTop.current = now;
  };
  return (
    <div
      ref={scroller}
      role="table"
      aria-label={label}
      aria-rowcount={count}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      onScroll={watchEnds}
      className={cx("min-h-0 overflow-y-auto -outline-offset-2", className)}
    >
      {header}
      <div role="rowgroup" className="relative w-full" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <div
            key={item.key}
            role="row"
            aria-rowindex={item.index + 1}
            className="absolute inset-x-0 top-0"
            style={{ height: item.size, transform: `translateY(${item.start}px)` }}
          >
            {row(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
