import { ArrowUp } from "lucide-react";
import { useState } from "react";
import type { Run } from "@/shared/api/types";
import { NARROW, useMedia } from "@/shared/hooks/use-media";
import { text } from "@/shared/text";
import { VirtualList } from "@/shared/ui/virtual-list";
import { splitAtAnchor } from "./anchor";
import { RUN_COLUMNS, RunCard, RunRow } from "./run-row";

const ROW_HEIGHT = 40;
const CARD_HEIGHT = 58;

interface RunTableProps {
  runs: readonly Run[];
  onEndNear: () => void;
}

export function RunTable({ runs, onEndNear }: RunTableProps) {
  const isNarrow = useMedia(NARROW);
  const [anchor, setAnchor] = useState<string | null>(null);
  const { shown, waiting } = splitAtAnchor(runs, anchor);
  const at = (index: number) => shown[index] as Run;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {waiting > 0 && (
        <button
          type="button"
          aria-label={text.runs.freshLabel(waiting)}
          onClick={() => setAnchor(null)}
          className="absolute top-11 left-1/2 z-10 flex h-7 -translate-x-1/2 items-center gap-1 rounded-full bg-accent-fill px-3 text-xs font-medium text-on-accent shadow-raised hover:bg-accent-fill-hover"
        >
          <ArrowUp aria-hidden className="size-3.5" />
          {text.runs.fresh(waiting)}
        </button>
      )}
      <VirtualList
        key={anchor === null ? "live" : "anchored"}
        label={text.runs.list}
        count={shown.length}
        rowHeight={isNarrow ? CARD_HEIGHT : ROW_HEIGHT}
        rowKey={(index) => at(index).run_id}
        row={(index) => (isNarrow ? <RunCard run={at(index)} /> : <RunRow run={at(index)} />)}
        onEndNear={onEndNear}
        onTopChange={(isAtTop) => setAnchor(isAtTop ? null : (shown[0]?.run_id ?? null))}
        header={isNarrow ? undefined : <Columns />}
        className="flex-1"
      />
    </div>
  );
}

function Columns() {
  const { columns } = text.runs;
  const names = [
    columns.status,
    columns.name,
    columns.workflow,
    columns.tags,
    columns.started,
    columns.duration,
    columns.id,
    columns.actions,
  ];
  return (
    <div role="rowgroup" className="sticky top-0 z-5 border-b border-line bg-surface">
      <div role="row" className={`grid ${RUN_COLUMNS} h-9 items-center gap-x-4 px-4 text-xs text-ink-faint`}>
        {names.map((name, at) => (
          <span key={name} role="columnheader" className={at >= 4 ? "text-right" : ""}>
            {name === columns.actions ? <span className="sr-only">{name}</span> : name}
          </span>
        ))}
      </div>
    </div>
  );
}
