import { useNow } from "@/shared/hooks/use-now";
import { ago, fullTime } from "@/shared/time";

/** "5 s ago", with the full time on hover. */
export function TimeText({ at, className }: { at: string; className?: string }) {
  const now = useNow("slow");
  return (
    <time dateTime={at} title={fullTime(at)} className={className}>
      {ago(at, now)}
    </time>
  );
}
