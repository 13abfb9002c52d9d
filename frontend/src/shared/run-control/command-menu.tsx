import { Ellipsis } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Menu } from "@/shared/ui/menu";
import { COMMAND_ICON, DANGEROUS } from "./command-icons";
import type { RunCommand } from "./commands";

const RunCommandDialog = lazy(() => import("./run-command-dialog"));

interface CommandMenuProps {
  run: Run;
  commands: readonly RunCommand[];
  /** What the button is called; its icon alone where it is in a row of a list. */
  label: string;
  hasLabel?: boolean;
}

/** A run's commands behind one button. */
export function CommandMenu({ run, commands, label, hasLabel }: CommandMenuProps) {
  const [chosen, setChosen] = useState<RunCommand | null>(null);
  const items = commands.map((command) => ({
    id: command,
    label: text.command.words[command],
    icon: COMMAND_ICON[command],
    isDanger: DANGEROUS.has(command),
  }));
  return (
    <>
      {items.length > 0 && (
        <Menu
          label={label}
          icon={Ellipsis}
          hasLabel={hasLabel}
          items={items}
          onPick={(id) => setChosen(id as RunCommand)}
        />
      )}
      {chosen && (
        <Suspense>
          <RunCommandDialog run={run} command={chosen} onClose={() => setChosen(null)} />
        </Suspense>
      )}
    </>
  );
}
