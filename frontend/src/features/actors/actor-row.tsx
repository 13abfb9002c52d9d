import { ChevronRight } from "lucide-react";
import type { Actor } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { duration } from "@/shared/time";
import { ActorBadge } from "./actor-badge";
import { Mailbox } from "./mailbox";
import { actorsText } from "./text";
import type { TreeRow } from "./tree";

/** By the width of the tree itself, which a chosen actor's panel may narrow. */
export const ACTOR_COLUMNS =
  "grid-cols-[minmax(10rem,1fr)_7.5rem_9rem_3.5rem] @4xl:grid-cols-[minmax(12rem,2fr)_8rem_9.5rem_minmax(7rem,1.2fr)_4.5rem_4.5rem_4rem]";
export const WIDE_ONLY = "@max-4xl:hidden";

const STEP_PX = 16;

interface ActorRowProps {
  row: TreeRow;
  isSelected: boolean;
  onToggle: () => void;
  onSelect: () => void;
}

export function ActorRow({ row, isSelected, onToggle, onSelect }: ActorRowProps) {
  const { actor } = row;
  return (
    <div
      className={cx(
        `relative grid h-full ${ACTOR_COLUMNS} items-center gap-x-4 border-b border-line/70 px-3 text-sm`,
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span role="cell" className="min-w-0">
        <ActorName row={row} isSelected={isSelected} onToggle={onToggle} onSelect={onSelect} />
      </span>
      <span role="cell">
        <ActorBadge actor={actor} />
      </span>
      <span role="cell">
        <Mailbox actor={actor} />
      </span>
      <span role="cell" className={`truncate text-ink-soft ${WIDE_ONLY}`}>
        <Handles actor={actor} />
      </span>
      <span role="cell" className={`tabular text-right text-ink-soft ${WIDE_ONLY}`}>
        {actor.rate_per_second != null && actorsText.perSecond(actor.rate_per_second)}
      </span>
      <span role="cell" className={`tabular text-right text-ink-soft ${WIDE_ONLY}`}>
        {actor.p95_ms != null && actorsText.milliseconds(actor.p95_ms)}
      </span>
      <span role="cell" className="text-right">
        <Restarts actor={actor} />
      </span>
    </div>
  );
}

/** The same in two lines, for a narrow page. */
export function ActorCard({ row, isSelected, onToggle, onSelect }: ActorRowProps) {
  const { actor } = row;
  return (
    <div
      className={cx(
        "relative flex h-full flex-col justify-center gap-0.5 border-b border-line/70 px-3 text-sm",
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span role="cell" className="flex min-w-0 items-center justify-between gap-3">
        <ActorName row={row} isSelected={isSelected} onToggle={onToggle} onSelect={onSelect} />
        <ActorBadge actor={actor} className="text-xs" />
      </span>
      <span role="cell" className="flex items-center gap-3 pl-6 text-xs text-ink-faint">
        <Mailbox actor={actor} />
        <span className="min-w-0 truncate">
          <Handles actor={actor} />
        </span>
        {actor.restarts > 0 && (
          <span className="ml-auto whitespace-nowrap">
            {actorsText.columns.restarts} <Restarts actor={actor} />
          </span>
        )}
      </span>
    </div>
  );
}

function ActorName({ row, isSelected, onToggle, onSelect }: ActorRowProps) {
  const { actor, depth, hasChildren, isOpen, unsent } = row;
  return (
    <span className="flex min-w-0 items-center gap-1" style={{ paddingLeft: depth * STEP_PX }}>
      {hasChildren ? (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={isOpen ? actorsText.close(actor.key) : actorsText.open(actor.key)}
          onClick={onToggle}
          className="relative z-1 grid size-6 shrink-0 place-items-center rounded-md text-ink-faint hover:bg-hover hover:text-ink"
        >
          <ChevronRight aria-hidden className={cx("size-3.5 transition-transform", isOpen && "rotate-90")} />
        </button>
      ) : (
        <span aria-hidden className="size-6 shrink-0" />
      )}
      <button
        type="button"
        aria-pressed={isSelected}
        title={actor.key}
        onClick={onSelect}
        className="min-w-0 truncate text-left font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
      >
        {actor.kind}
      </button>
      <code className="min-w-0 truncate font-mono text-xs text-ink-faint">{shortKey(actor)}</code>
      {unsent > 0 && (
        <span className="text-xs whitespace-nowrap text-ink-faint">{actorsText.unsent(unsent)}</span>
      )}
    </span>
  );
}

function Handles({ actor }: { actor: Actor }) {
  if (actor.current_message == null) return null;
  return (
    <span title={actor.current_message}>
      {actor.current_message}
      {actor.current_seconds != null && (
        <span
          className={cx(
            "tabular ml-1.5 text-xs",
            actor.current_seconds >= 5 ? "text-warn" : "text-ink-faint",
          )}
        >
          {duration(actor.current_seconds * 1000)}
        </span>
      )}
    </span>
  );
}

function Restarts({ actor }: { actor: Actor }) {
  if (actor.restarts === 0) return <span className="tabular text-ink-faint">0</span>;
  const isFresh = (actor.restarts_in_window ?? 0) > 0;
  return (
    <span
      className={cx("tabular font-medium", isFresh ? "text-bad" : "text-warn")}
      title={actor.last_error ?? undefined}
    >
      {actor.restarts.toLocaleString("en")}
    </span>
  );
}

/** Ids are in order of time, so their ends tell them apart. */
function shortKey({ key }: Actor): string {
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(key) ? `…${key.slice(-8)}` : key;
}
