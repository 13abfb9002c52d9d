import { useNow } from "@/shared/hooks/use-now";
import { text } from "@/shared/text";
import { countdown, fullTime } from "@/shared/time";

/** "in 4 m 03 s", ticking; the moment itself on hover. */
export function Countdown({ until }: { until: string }) {
  const left = Date.parse(until) - useNow("quick");
  return (
    <time dateTime={until} title={fullTime(until)} className="tabular">
      {left > 0 ? text.waits.in(countdown(left)) : text.waits.due}
    </time>
  );
}
