import { SearchX } from "lucide-react";
import { useMemo, useState } from "react";
import type { Actor } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { NARROW, useMedia } from "@/shared/hooks/use-media";
import { EmptyState } from "@/shared/ui/empty-state";
import { VirtualList } from "@/shared/ui/virtual-list";
import { ACTOR_COLUMNS, ActorCard, ActorRow, WIDE_ONLY } from "./actor-row";
import { actorsText } from "./text";
import { rowsOf, type TreeRow } from "./tree";

const ROW_HEIGHT = 36;
const CARD_HEIGHT = 56;

interface ActorTreeProps {
  root: Actor;
  wanted: string;
  selected: string | undefined;
  onSelect: (actorId: string) => void;
}

/** Who works for whom, drawn as far as it is looked at. */
export function ActorTree({ root, wanted, selected, onSelect }: ActorTreeProps) {
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const isNarrow = useMedia(NARROW);
  const rows = useMemo(() => rowsOf(root, toggled, wanted), [root, toggled, wanted]);
  if (rows.length === 0)
    return <EmptyState icon={SearchX} title={actorsText.empty} why={actorsText.emptyWhy} />;
  const at = (index: number) => rows[index] as TreeRow;
  const Row = isNarrow ? ActorCard : ActorRow;
  return (
    <VirtualList
      label={actorsText.tree}
      count={rows.length}
      rowHeight={isNarrow ? CARD_HEIGHT : ROW_HEIGHT}
      rowKey={(index) => at(index).actor.id}
      row={(index) => {
        const row = at(index);
        const { id } = row.actor;
        return (
          <Row
            row={row}
            isSelected={id === selected}
            onToggle={() => setToggled((now) => new Map(now).set(id, !row.isOpen))}
            onSelect={() => onSelect(id)}
          />
        );
      }}
      header={isNarrow ? undefined : <Columns />}
      className="flex-1"
    />
  );
}

function Columns() {
  const { actor, state, mailbox, message, rate, p95, restarts } = actorsText.columns;
  const numbers = "text-right";
  return (
    <div role="rowgroup" className="sticky top-0 z-5 border-b border-line bg-surface">
      <div
        role="row"
        className={`grid ${ACTOR_COLUMNS} h-9 items-center gap-x-4 px-3 text-xs text-ink-faint`}
      >
        <Column name={actor} className="pl-7" />
        <Column name={state} />
        <Column name={mailbox} />
        <Column name={message} className={WIDE_ONLY} />
        <Column name={rate} className={cx(numbers, WIDE_ONLY)} />
        <Column name={p95} className={cx(numbers, WIDE_ONLY)} />
        <Column name={restarts} className={numbers} />
      </div>
    </div>
  );
}

function Column({ name, className }: { name: string; className?: string }) {
  return (
    <span role="columnheader" className={className}>
      {name}
    </span>
  );
}
