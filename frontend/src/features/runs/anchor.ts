/** While a person reads further down, rows must not move: new runs wait above an anchor until they are asked for. */
import type { Run } from "@/shared/api/types";

export interface Anchored {
  shown: readonly Run[];
  waiting: number;
}

export function splitAtAnchor(runs: readonly Run[], anchor: string | null): Anchored {
  const at = anchor === null ? 0 : runs.findIndex((run) => run.run_id === anchor);
  return at <= 0 ? { shown: runs, waiting: 0 } : { shown: runs.slice(at), waiting: at };
}
