import { cx } from "@/shared/class-names";
import { statusLook, TONE_SOFT, TONE_TEXT } from "@/shared/status";

interface StatusBadgeProps {
  status: string;
  /** `line` has no ground of its own: for dense lists. */
  look?: "pill" | "line";
  className?: string;
}

/** Icon, word and colour, always all three. */
export function StatusBadge({ status, look = "pill", className }: StatusBadgeProps) {
  const { word, icon: Icon, tone, isMoving } = statusLook(status);
  return (
    <span
      data-status={status}
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        look === "pill"
          ? cx("h-6 rounded-full px-2.5 text-xs font-medium", TONE_SOFT[tone])
          : TONE_TEXT[tone],
        className,
      )}
    >
      <Icon aria-hidden className={cx("size-3.5 shrink-0", isMoving && "spin-slow")} strokeWidth={2.25} />
      {word}
    </span>
  );
}
