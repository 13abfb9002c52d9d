import type { Actor } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { duration } from "@/shared/time";
import { actorsText } from "./text";
import { type Fullness, fullnessOf } from "./tree";

const FILL: Record<Fullness, string> = {
  empty: "bg-neutral",
  some: "bg-active",
  filling: "bg-warn",
  full: "bg-bad",
};
const OLD_SECONDS = 5;

/** How many messages wait, of how many that fit, and how long the oldest has waited. */
export function Mailbox({ actor }: { actor: Actor }) {
  const { mailbox_depth: depth, mailbox_capacity: capacity = null, oldest_seconds: oldest = null } = actor;
  if (capacity === null && depth === 0) return null;
  const fullness = fullnessOf(depth, capacity);
  const share = capacity ? Math.min(1, depth / capacity) : 0;
  return (
    <span className="flex items-center gap-2 whitespace-nowrap" title={actorsText.inMailbox(depth, capacity)}>
      {capacity !== null && (
        <span aria-hidden className="h-1.5 w-10 overflow-hidden rounded-full bg-neutral-soft">
          <span
            className={cx("block h-full rounded-full", FILL[fullness])}
            style={{ width: depth === 0 ? 0 : `max(3px, ${share * 100}%)` }}
          />
        </span>
      )}
      <span className={cx("tabular", depth === 0 ? "text-ink-faint" : "font-medium")}>
        {depth.toLocaleString("en")}
      </span>
      {oldest !== null && depth > 0 && (
        <span className={cx("tabular text-xs", oldest >= OLD_SECONDS ? "text-warn" : "text-ink-faint")}>
          {actorsText.oldest(duration(oldest * 1000))}
        </span>
      )}
    </span>
  );
}
