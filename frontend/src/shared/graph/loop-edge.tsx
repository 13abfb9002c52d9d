import { BaseEdge, type EdgeProps, Position } from "@xyflow/react";

const REACH = 46;

/** A node that follows itself: round its side, so that it is seen. */
export function LoopEdge({
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  markerEnd,
  label,
  data,
}: EdgeProps) {
  const reach = typeof data?.reach === "number" ? data.reach : REACH;
  const path =
    sourcePosition === Position.Right
      ? `M ${sourceX},${sourceY} C ${sourceX + 28},${sourceY - reach} ${targetX - 28},${targetY - reach} ${targetX},${targetY}`
      : `M ${sourceX},${sourceY} C ${sourceX + reach},${sourceY + 26} ${sourceX + reach},${targetY - 26} ${targetX},${targetY}`;
  return <BaseEdge path={path} {...(markerEnd ? { markerEnd } : {})} label={label} />;
}
