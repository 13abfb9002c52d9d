import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";

/** Quiet bars where rows will be; says "Loading" to who can't see them. */
export function Skeleton({ rows = 6, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label={text.common.loading} className={cx("flex flex-col gap-2 p-4", className)}>
      {Array.from({ length: rows }, (_, row) => `row-${row}`).map((row, at) => (
        <div
          key={row}
          className="h-5 animate-pulse rounded bg-hover"
          style={{ width: `${92 - ((at * 17) % 40)}%` }}
        />
      ))}
    </div>
  );
}
