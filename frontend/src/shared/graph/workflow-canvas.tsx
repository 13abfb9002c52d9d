import "@xyflow/react/dist/base.css";
import { Controls, type NodeMouseHandler, ReactFlow, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import type { WorkflowGraph } from "@/shared/api/types";
import { text } from "@/shared/text";
import { flowEdges, flowNodes, type NodeStates } from "./flow-elements";
import { GraphNode, type GraphNodeType } from "./graph-node";
import { bestLayout } from "./layout";
import { LoopEdge } from "./loop-edge";

const NODE_TYPES = { workflow: GraphNode };
const EDGE_TYPES = { loop: LoopEdge };
const FIT = { padding: 0.06, maxZoom: 1.1 };

export interface WorkflowCanvasProps {
  graph: WorkflowGraph;
  label: string;
  states?: NodeStates | undefined;
  selected?: string | undefined;
  onSelect?: ((node: string | undefined) => void) | undefined;
}

export function WorkflowCanvas({ graph, label, states, selected, onSelect }: WorkflowCanvasProps) {
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const { fitView } = useReactFlow();
  const layout = useMemo(
    () => bestLayout(graph, { width: width || 1, height: height || 1 }),
    [graph, width, height],
  );
  const nodes = useMemo(() => flowNodes(graph, layout, states, selected), [graph, layout, states, selected]);
  const edges = useMemo(() => flowEdges(graph, layout, states), [graph, layout, states]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new layout or a new room is the reason to fit again.
  useEffect(() => {
    void fitView(FIT);
  }, [fitView, layout, width, height]);
  const pick: NodeMouseHandler<GraphNodeType> = (_, node) => {
    if (!node.data.isEnd) onSelect?.(node.id === selected ? undefined : node.id);
  };
  return (
    <ReactFlow
      className="workflow-graph"
      aria-label={label}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodeClick={pick}
      onPaneClick={() => onSelect?.(undefined)}
      fitView
      fitViewOptions={FIT}
      minZoom={0.1}
      maxZoom={2}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      nodesFocusable={false}
      elementsSelectable={false}
      preventScrolling={false}
      zoomOnScroll={false}
      zoomOnDoubleClick={false}
      deleteKeyCode={null}
      proOptions={{ hideAttribution: true }}
    >
      <Controls showInteractive={false} aria-label={text.graph.title} />
    </ReactFlow>
  );
}
