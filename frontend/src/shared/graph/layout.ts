/** Places a workflow's nodes with dagre, in the direction that fills the given room best. Pure; cached by graph. */
import { layout as dagre, Graph } from "@dagrejs/dagre";
import type { WorkflowGraph } from "@/shared/api/types";

export const NODE_HEIGHT = 32;
const NODE_MIN_WIDTH = 92;
const NODE_MAX_WIDTH = 220;
const CHARACTER_WIDTH = 7.4;
const NODE_PADDING = 84;

export type Direction = "TB" | "LR";

export interface PlacedNode {
  id: string;
  x: number;
  y: number;
  width: number;
}

export interface Layout {
  direction: Direction;
  nodes: PlacedNode[];
  width: number;
  height: number;
}

const cache = new WeakMap<WorkflowGraph, Map<Direction, Layout>>();

export function bestLayout(graph: WorkflowGraph, room: { width: number; height: number }): Layout {
  const down = layoutOf(graph, "TB");
  const across = layoutOf(graph, "LR");
  return scaleIn(across, room) > scaleIn(down, room) ? across : down;
}

export function layoutOf(graph: WorkflowGraph, direction: Direction): Layout {
  const known = cache.get(graph) ?? new Map<Direction, Layout>();
  cache.set(graph, known);
  const found = known.get(direction) ?? compute(graph, direction);
  known.set(direction, found);
  return found;
}

function scaleIn(layout: Layout, room: { width: number; height: number }): number {
  return Math.min(room.width / layout.width, room.height / layout.height);
}

function compute(graph: WorkflowGraph, direction: Direction): Layout {
  const sheet = new Graph({ multigraph: true });
  sheet.setGraph({
    rankdir: direction,
    nodesep: 18,
    ranksep: direction === "TB" ? 24 : 36,
    marginx: 8,
    marginy: 8,
  });
  sheet.setDefaultEdgeLabel(() => ({}));
  const known = new Set(graph.nodes.map((node) => node.id));
  for (const node of graph.nodes)
    sheet.setNode(node.id, { width: nodeWidth(node.name), height: NODE_HEIGHT });
  graph.edges.forEach((edge, at) => {
    if (known.has(edge.source) && known.has(edge.target))
      sheet.setEdge(edge.source, edge.target, {}, String(at));
  });
  dagre(sheet);
  const nodes = graph.nodes.map(({ id }) => {
    const { x, y, width } = sheet.node(id) as { x: number; y: number; width: number };
    return { id, x: x - width / 2, y: y - NODE_HEIGHT / 2, width };
  });
  return {
    direction,
    nodes,
    width: Math.max(1, ...nodes.map((node) => node.x + node.width)),
    height: Math.max(1, ...nodes.map((node) => node.y + NODE_HEIGHT)),
  };
}

function nodeWidth(name: string): number {
  return Math.min(NODE_MAX_WIDTH, Math.max(NODE_MIN_WIDTH, name.length * CHARACTER_WIDTH + NODE_PADDING));
}
