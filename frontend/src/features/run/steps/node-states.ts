/** How the nodes of the graph look, from the tasks there were. Pure. */
import type { StepStatus } from "@/shared/status";
import type { Step } from "./step-list";

/** What most needs a look wins, then the latest. */
const WEIGHT: Record<StepStatus, number> = {
  interrupted: 8,
  running: 7,
  retrying: 6,
  waiting: 5,
  sleeping: 4,
  failed: 3,
  lost: 2,
  cancelled: 1,
  completed: 0,
};

/** What nodes have called inside them is not counted: a name there may be one of the workflow's own by chance. */
export function nodeStates(
  steps: readonly Step[],
  runStatus?: string,
): Map<string, { status: StepStatus; count: number }> {
  const states = new Map<string, { status: StepStatus; count: number }>();
  for (const { node, status, isOwn } of steps) {
    if (!isOwn) continue;
    const known = states.get(node);
    const wins = !known || WEIGHT[status] >= WEIGHT[known.status];
    states.set(node, { status: wins ? status : known.status, count: (known?.count ?? 0) + 1 });
  }
  if (runStatus === "completed") states.set("__end__", { status: "completed", count: 1 });
  return states;
}
