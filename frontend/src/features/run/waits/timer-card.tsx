import { Clock } from "lucide-react";
import type { PendingInterrupt } from "@/shared/api/types";
import { text } from "@/shared/text";
import { fullTime } from "@/shared/time";
import { Countdown } from "./countdown";
import { WaitFrame } from "./wait-frame";

const MAX_SHOWN = 20;

/** The times that a run waits for, the next one first. */
export function TimerCard({ waits }: { waits: readonly PendingInterrupt[] }) {
  if (waits.length === 0) return null;
  const inOrder = [...waits].sort((a, b) => (a.due_at ?? "").localeCompare(b.due_at ?? ""));
  return (
    <WaitFrame title={text.waits.timer} icon={Clock}>
      <ul className="flex flex-col gap-1 text-sm">
        {inOrder.slice(0, MAX_SHOWN).map((wait) => (
          <li key={wait.id} className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-medium">{wait.path.join(" › ")}</span>
            {wait.due_at && (
              <>
                <Countdown until={wait.due_at} />
                <span className="text-xs text-ink-faint">{fullTime(wait.due_at)}</span>
              </>
            )}
          </li>
        ))}
      </ul>
      {waits.length > MAX_SHOWN && (
        <p className="mt-1 text-xs text-ink-faint">{text.waits.more(waits.length - MAX_SHOWN)}</p>
      )}
    </WaitFrame>
  );
}
