import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/shared/class-names";

export function TabPanel({
  id,
  className,
  children,
}: {
  id: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Radix.Content value={id} className={cx("min-h-0 min-w-0 flex-1 -outline-offset-2", className)}>
      {children}
    </Radix.Content>
  );
}
