import { useQuery } from "@tanstack/react-query";
import type { Interrupt, Run, RunState } from "@/shared/api/types";
import { getRunState } from "../api/get-run-state";
import { InterruptCard } from "./interrupt-card";

const MAY_ASK = new Set(["interrupted", "paused"]);

function interruptsIn(source: string): Interrupt[] {
  return (JSON.parse(source) as RunState).interrupts;
}

/** Every pending question of a run, each with its own answer. */
export function InterruptCards({ run }: { run: Run }) {
  const isAsking = MAY_ASK.has(run.status);
  const query = useQuery({ ...getRunState(run.run_id), enabled: isAsking, select: interruptsIn });
  if (!isAsking) return null;
  return query.data?.map((interrupt) => (
    <InterruptCard key={interrupt.id} runId={run.run_id} interrupt={interrupt} />
  ));
}
