import { ReactFlowProvider } from "@xyflow/react";
import { WorkflowCanvas, type WorkflowCanvasProps } from "./workflow-canvas";

/** What the lazy import brings: the canvas in a flow of its own. */
export default function CanvasWithProvider(props: WorkflowCanvasProps) {
  return (
    <ReactFlowProvider>
      <WorkflowCanvas {...props} />
    </ReactFlowProvider>
  );
}
