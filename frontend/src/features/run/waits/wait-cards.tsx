import { useQuery } from "@tanstack/react-query";
import type { PendingInterrupt, Run } from "@/shared/api/types";
import { statusLook } from "@/shared/status";
import { InterruptCard } from "@/shared/waits/interrupt-card";
import { listRunWaits } from "@/shared/waits/list-waits";
import { ChildrenCard } from "./children-card";
import { SignalCard } from "./signal-card";
import { TimerCard } from "./timer-card";

/** All that a run waits for, what needs a person first. */
export function WaitCards({ run }: { run: Run }) {
  const isLive = !statusLook(run.status).isTerminal;
  const query = useQuery({ ...listRunWaits(run.run_id), enabled: isLive });
  if (!isLive || !query.data) return null;
  const waits = query.data.items;
  const of = (kind: string): PendingInterrupt[] => waits.filter((wait) => wait.kind === kind);
  return (
    <>
      {of("interrupt").map((wait) => (
        <InterruptCard key={wait.id} interrupt={wait} />
      ))}
      {of("signal").map((wait) => (
        <SignalCard key={wait.id} wait={wait} />
      ))}
      <TimerCard waits={of("timer")} />
      <ChildrenCard run={run} waits={of("child")} />
    </>
  );
}
