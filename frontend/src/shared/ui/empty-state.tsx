import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  why?: string | undefined;
  children?: ReactNode;
}

/** Says what is not here and why. Never used for an error. */
export function EmptyState({ icon: Icon, title, why, children }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-2xl flex-col items-center px-4 py-10 text-center">
      <Icon aria-hidden className="mb-3 size-7 text-ink-faint" strokeWidth={1.5} />
      <p className="text-base font-medium">{title}</p>
      {why && <p className="mt-1 text-sm text-ink-faint">{why}</p>}
      {children && <div className="mt-5 w-full">{children}</div>}
    </div>
  );
}
