/** A workflow's graph and what its run does, as nodes and edges that xyflow draws. Pure. */
import type { Edge } from "@xyflow/react";
import { MarkerType } from "@xyflow/react";
import type { WorkflowGraph } from "@/shared/api/types";
import { text } from "@/shared/text";
import type { GraphNodeType, NodeState } from "./graph-node";
import { type Layout, NODE_HEIGHT } from "./layout";

export type NodeStates = ReadonlyMap<string, NodeState>;

const END_NAMES: Record<string, string> = { __start__: text.graph.start, __end__: text.graph.end };

export function flowNodes(
  graph: WorkflowGraph,
  layout: Layout,
  states: NodeStates | undefined,
  selected: string | undefined,
): GraphNodeType[] {
  const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
  return layout.nodes.map(({ id, x, y, width }) => {
    const isEnd = id in END_NAMES;
    return {
      id,
      type: "workflow",
      position: { x, y },
      width,
      height: NODE_HEIGHT,
      draggable: false,
      connectable: false,
      deletable: false,
      ariaLabel: END_NAMES[id] ?? names.get(id) ?? id,
      data: {
        name: END_NAMES[id] ?? names.get(id) ?? id,
        direction: layout.direction,
        width,
        state: isEnd || !states ? undefined : (states.get(id) ?? { status: "pending", count: 0 }),
        isSelected: id === selected,
        isEnd,
      },
    };
  });
}

export function flowEdges(graph: WorkflowGraph, layout: Layout, states: NodeStates | undefined): Edge[] {
  const isReached = (id: string) => id === "__start__" || (states?.has(id) ?? false);
  const widths = new Map(layout.nodes.map((node) => [node.id, node.width]));
  // A bow reaches three quarters of where its handles point to: far enough to pass the node's corner.
  const reachOf = (id: string) => (layout.direction === "TB" ? (widths.get(id) ?? 0) / 1.5 + 36 : 56);
  return graph.edges.map((edge, at) => {
    const isTravelled = states !== undefined && isReached(edge.source) && isReached(edge.target);
    const label = edge.label && edge.label !== edge.target ? { label: edge.label } : {};
    return {
      id: `${at}`,
      type: edge.source === edge.target ? "loop" : "default",
      source: edge.source,
      target: edge.target,
      ...label,
      data: { reach: reachOf(edge.source) },
      focusable: false,
      deletable: false,
      className: `${edge.conditional ? "is-conditional" : ""} ${isTravelled ? "is-travelled" : ""}`,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        width: 14,
        height: 14,
        color: isTravelled ? "var(--accent)" : "var(--line-strong)",
      },
    };
  });
}
