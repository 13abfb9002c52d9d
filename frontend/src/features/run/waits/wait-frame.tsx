import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface WaitFrameProps {
  title: string;
  icon: LucideIcon;
  aside?: ReactNode;
  children: ReactNode;
}

/** The look of a card for a wait that is no question. */
export function WaitFrame({ title, icon: Icon, aside, children }: WaitFrameProps) {
  return (
    <section aria-label={title} className="card p-4">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
        <Icon aria-hidden className="size-4 shrink-0 text-warn" strokeWidth={2.25} />
        <h2 className="min-w-0 break-words font-semibold">{title}</h2>
        {aside && <span className="ml-auto text-xs text-ink-faint">{aside}</span>}
      </div>
      <div className="mt-2">{children}</div>
    </section>
  );
}
