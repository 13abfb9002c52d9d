import { lazy, Suspense } from "react";
import { text } from "@/shared/text";
import type { WorkflowCanvasProps } from "./workflow-canvas";

const Canvas = lazy(() => import("./canvas-with-provider"));

/** Beyond this a drawing helps nobody and would block the page. */
const MAX_NODES = 1_000;

/** The graph, loaded only where one is looked at; steps and console never wait for it. */
export function WorkflowGraphView(props: WorkflowCanvasProps) {
  const count = props.graph.nodes.length;
  if (count > MAX_NODES) return <p className="p-4 text-sm text-ink-faint">{text.graph.tooLarge(count)}</p>;
  return (
    <Suspense fallback={<p className="p-4 text-sm text-ink-faint">{text.graph.loading}</p>}>
      <Canvas {...props} />
    </Suspense>
  );
}
