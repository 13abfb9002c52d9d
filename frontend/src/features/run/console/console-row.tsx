import { memo } from "react";
import { cx } from "@/shared/class-names";
import { clockTime } from "@/shared/time";
import { piecesOf } from "./ansi";
import type { Level, Line } from "./line";

const LEVEL_TONE: Record<Level, string> = {
  debug: "text-ink-faint",
  info: "",
  warning: "text-warn",
  error: "text-bad",
};

const EVENT_TONE: Record<string, string> = {
  completed: "text-good",
  artifact: "text-accent",
  interrupted: "text-person",
  backfill: "text-accent",
  hole: "text-warn",
};

interface ConsoleRowProps {
  line: Line;
  isSelected: boolean;
  onSelect: (line: Line) => void;
}

export const ConsoleRow = memo(function ConsoleRow({ line, isSelected, onSelect }: ConsoleRowProps) {
  const tone =
    LEVEL_TONE[line.level] || EVENT_TONE[line.event] || (line.isOutput ? "text-ink" : "text-ink-soft");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself takes the arrow keys and Enter.
    // biome-ignore lint/a11y/noStaticElementInteractions: the same.
    <div
      data-seq-from={line.seqFrom}
      data-seq={line.seq}
      data-event={line.event}
      onClick={() => onSelect(line)}
      className={cx(
        "flex h-5 cursor-default items-baseline gap-2.5 px-3 font-mono text-xs leading-5 whitespace-pre",
        isSelected ? "bg-selected" : "hover:bg-hover",
        (line.event === "backfill" || line.event === "hole") && "border-y border-dashed border-line",
      )}
    >
      <span className="tabular w-12 shrink-0 text-right text-ink-faint select-none">{line.seq}</span>
      <span className="tabular shrink-0 text-ink-faint max-sm:hidden">{clockTime(line.at)}</span>
      {line.level === "warning" || line.level === "error" ? (
        <span className={cx("shrink-0 font-semibold", LEVEL_TONE[line.level])}>
          {line.level === "error" ? "ERR" : "WRN"}
        </span>
      ) : null}
      {line.node && <span className="max-w-36 shrink-0 truncate text-ink-faint">{line.node}</span>}
      <span className={cx("truncate", tone)}>
        {piecesOf(line.text).map((piece, at) =>
          piece.className ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no other name than their place.
            <span key={at} className={piece.className}>
              {piece.text}
            </span>
          ) : (
            piece.text
          ),
        )}
      </span>
    </div>
  );
});
