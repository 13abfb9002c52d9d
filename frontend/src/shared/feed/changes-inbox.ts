/** Whether an event makes the list of open questions untrue. Pure. */
import type { RunEvent } from "@/shared/api/types";
import { TERMINAL_EVENTS } from "./patch-run";

/** A run's end takes its questions with it; of the many runs that end, few have asked one. */
export function changesInbox(event: RunEvent, open: readonly { run_id: string }[]): boolean {
  if (event.event === "interrupted") return true;
  if (event.event === "warning") return event.data?.interrupt_id !== undefined;
  // A resumed timer, signal or child was no question.
  if (event.event === "resumed") return event.data?.from === undefined;
  const mayTake = TERMINAL_EVENTS.has(event.event) || event.event === "migrated";
  return mayTake && open.some(({ run_id }) => run_id === event.run_id);
}
