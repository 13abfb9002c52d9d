import type { ReactNode } from "react";

/** The head of a page: its name, a few facts, what can be done. */
export function PageHeader({
  title,
  facts,
  children,
}: {
  title: string;
  facts?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      {facts && <div className="text-sm text-ink-faint">{facts}</div>}
      {children && <div className="ml-auto flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  );
}
