import { LoaderCircle, Unplug, Wifi } from "lucide-react";
import { cx } from "@/shared/class-names";
import { useConnection } from "@/shared/feed/connection";
import { text } from "@/shared/text";

/** Whether what is on the page is true now. */
export function ConnectionBadge({ className }: { className?: string }) {
  const state = useConnection();
  const isLive = state === "live";
  const isAway = state === "offline" || state === "refused" || state === "ended";
  const Icon = isLive ? Wifi : isAway ? Unplug : LoaderCircle;
  return (
    <span
      role="status"
      data-connection={state}
      className={cx(
        "flex items-center gap-1.5 text-xs",
        isLive ? "text-good" : isAway ? "text-bad" : "text-ink-faint",
        className,
      )}
    >
      <Icon aria-hidden className={cx("size-3.5", !isLive && !isAway && "spin-slow")} strokeWidth={2.25} />
      {text.connection[state]}
    </span>
  );
}
