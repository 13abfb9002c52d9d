import { useNow } from "@/shared/hooks/use-now";
import { between, duration } from "@/shared/time";

interface DurationTextProps {
  from: string;
  /** Null while it lasts: the text then ticks. */
  to: string | null;
  className?: string;
}

export function DurationText({ from, to, className }: DurationTextProps) {
  const now = useNow(to === null ? "quick" : "still");
  return <span className={className}>{duration(between(from, to, now))}</span>;
}
