import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/shared/class-names";

export interface Tab {
  id: string;
  label: string;
  /** A small count or mark behind the label. */
  note?: string | number | undefined;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  value: string;
  onChange: (id: string) => void;
  /** Stands at the end of the row of tabs. */
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Tabs({ label, tabs, value, onChange, aside, children, className }: TabsProps) {
  return (
    <Radix.Root
      value={value}
      onValueChange={onChange}
      className={cx("flex min-h-0 min-w-0 flex-col", className)}
    >
      <div className="flex items-center border-b border-line pr-2 pl-1">
        <Radix.List aria-label={label} className="flex min-w-0 flex-1 overflow-x-auto">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.id}
              value={tab.id}
              className={cx(
                "relative flex h-10 shrink-0 items-center gap-1.5 rounded-md px-3 text-sm text-ink-soft -outline-offset-2",
                "hover:text-ink data-[state=active]:font-medium data-[state=active]:text-ink",
                "after:absolute after:inset-x-2 after:-bottom-px after:h-0.5 after:rounded-full",
                "data-[state=active]:after:bg-accent",
              )}
            >
              {tab.label}
              {tab.note !== undefined && (
                <span className="tabular rounded-full bg-neutral-soft px-1.5 text-xs text-neutral">
                  {tab.note}
                </span>
              )}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {aside}
      </div>
      {children}
    </Radix.Root>
  );
}
