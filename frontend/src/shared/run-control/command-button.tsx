import { lazy, Suspense, useState } from "react";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button, type ButtonLook } from "@/shared/ui/button";
import { COMMAND_ICON, DANGEROUS } from "./command-icons";
import type { RunCommand } from "./commands";

const RunCommandDialog = lazy(() => import("./run-command-dialog"));

interface CommandButtonProps {
  run: Run;
  command: RunCommand;
  look?: ButtonLook;
}

/** One command of a run as a button of its own. */
export function CommandButton({ run, command, look }: CommandButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const Icon = COMMAND_ICON[command];
  return (
    <>
      <Button look={look ?? (DANGEROUS.has(command) ? "danger" : "plain")} onClick={() => setOpen(true)}>
        <Icon aria-hidden className="size-3.5" />
        {text.command.words[command]}
      </Button>
      {isOpen && (
        <Suspense>
          <RunCommandDialog run={run} command={command} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
