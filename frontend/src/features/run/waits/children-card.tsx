import { useInfiniteQuery } from "@tanstack/react-query";
import { Network } from "lucide-react";
import { listRuns } from "@/shared/api/list-runs";
import type { PendingInterrupt, Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { RunLink } from "../run-link";
import { WaitFrame } from "./wait-frame";

const MAX_SHOWN = 12;

/** The child runs whose end a run waits for. */
export function ChildrenCard({ run, waits }: { run: Run; waits: readonly PendingInterrupt[] }) {
  const isWaiting = waits.length > 0;
  const children = useInfiniteQuery({ ...listRuns({ parent: run.run_id }), enabled: isWaiting });
  if (!isWaiting) return null;
  const known = new Map(
    children.data?.pages.flatMap((page) => page.items).map((child) => [child.run_id, child]) ?? [],
  );
  return (
    <WaitFrame title={text.waits.children(waits.length)} icon={Network}>
      <ul className="flex flex-col gap-1 text-sm">
        {waits.slice(0, MAX_SHOWN).map((wait) => (
          <li key={wait.id} className="flex flex-wrap items-baseline gap-x-2">
            <span className="text-ink-faint">{wait.path.join(" › ")}</span>
            <RunLink runId={wait.name ?? ""} run={known.get(wait.name ?? "")} />
          </li>
        ))}
      </ul>
      {waits.length > MAX_SHOWN && (
        <p className="mt-1 text-xs text-ink-faint">{text.waits.more(waits.length - MAX_SHOWN)}</p>
      )}
    </WaitFrame>
  );
}
