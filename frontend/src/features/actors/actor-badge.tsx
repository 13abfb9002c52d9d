import type { Actor } from "@/shared/api/types";
import { cx } from "@/shared/class-names";
import { TONE_TEXT } from "@/shared/status";
import { stateLook } from "./actor-state";

/** Icon, word and colour of an actor's state. */
export function ActorBadge({ actor, className }: { actor: Actor; className?: string }) {
  const { word, icon: Icon, tone, isMoving } = stateLook(actor.state, actor.mailbox_capacity != null);
  return (
    <span
      data-actor-state={actor.state}
      className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", TONE_TEXT[tone], className)}
    >
      <Icon aria-hidden className={cx("size-3.5 shrink-0", isMoving && "spin-slow")} strokeWidth={2.25} />
      {word}
    </span>
  );
}
