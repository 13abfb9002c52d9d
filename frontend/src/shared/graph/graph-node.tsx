import { Handle, type NodeProps, Position, type Node as XyNode } from "@xyflow/react";
import { CircleDot } from "lucide-react";
import { cx } from "@/shared/class-names";
import { statusLook, TONE_SOFT, TONE_TEXT } from "@/shared/status";
import { text } from "@/shared/text";
import type { Direction } from "./layout";

export interface NodeState {
  status: string;
  /** How many tasks of this node there were. */
  count: number;
}

export interface GraphNodeData extends Record<string, unknown> {
  name: string;
  direction: Direction;
  width: number;
  /** Undefined where no run is shown, only the workflow. */
  state: NodeState | undefined;
  isSelected: boolean;
  isEnd: boolean;
}

export type GraphNodeType = XyNode<GraphNodeData, "workflow">;

export function GraphNode({ data }: NodeProps<GraphNodeType>) {
  const { name, direction, state, isSelected, isEnd, width } = data;
  const [inlet, outlet] =
    direction === "TB" ? [Position.Top, Position.Bottom] : [Position.Left, Position.Right];
  return (
    <div
      style={{ width }}
      title={state ? `${name}: ${statusLook(state.status).word}` : name}
      className={cx(
        "flex h-8 items-center gap-2 border px-2.5 text-xs",
        isEnd ? "justify-center rounded-full border-dashed" : "rounded-lg shadow-card",
        groundOf(state),
        isSelected ? "border-accent ring-2 ring-accent" : "border-line",
      )}
    >
      <Handle type="target" position={inlet} isConnectable={false} />
      {!isEnd && <NodeIcon state={state} />}
      <span className={cx("truncate", isEnd ? "text-ink-faint" : "font-medium text-ink")}>{name}</span>
      {state && state.count > 1 && (
        <span className="tabular ml-auto text-[11px] text-ink-soft">{text.graph.times(state.count)}</span>
      )}
      <Handle type="source" position={outlet} isConnectable={false} />
    </div>
  );
}

function groundOf(state: NodeState | undefined): string {
  if (!state || state.status === "pending") return "bg-surface";
  return TONE_SOFT[statusLook(state.status).tone];
}

function NodeIcon({ state }: { state: NodeState | undefined }) {
  if (!state) return <CircleDot aria-hidden className="size-3.5 shrink-0 text-ink-faint" />;
  const { icon: Icon, tone, word, isMoving } = statusLook(state.status);
  return (
    <>
      <Icon
        aria-hidden
        className={cx("size-3.5 shrink-0", TONE_TEXT[tone], isMoving && "spin-slow")}
        strokeWidth={2.25}
      />
      <span className="sr-only">{word}</span>
    </>
  );
}
