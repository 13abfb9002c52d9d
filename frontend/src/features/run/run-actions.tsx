import { Link } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useMay } from "@/shared/api/get-caller";
import type { Run } from "@/shared/api/types";
import { CommandButton } from "@/shared/run-control/command-button";
import { CommandMenu } from "@/shared/run-control/command-menu";
import type { RunCommand } from "@/shared/run-control/commands";
import { useCommands } from "@/shared/run-control/use-commands";
import { statusLook } from "@/shared/status";
import { text } from "@/shared/text";
import { buttonClass } from "@/shared/ui/button";
import { SignalAction } from "./signal-action";
import { runText } from "./text";

/** These have a button of their own where the status allows them; the others stand in the menu. */
const BEFORE: readonly RunCommand[] = ["pause", "unpause", "retry"];
const AFTER: readonly RunCommand[] = ["cancel", "delete"];

/** What can be done to the run as it stands, by who uses this page. */
export function RunActions({ run }: { run: Run }) {
  const commands = useCommands(run);
  const mayRun = useMay("run");
  const isOver = statusLook(run.status).isTerminal;
  const buttons = (of: readonly RunCommand[]) =>
    of
      .filter((command) => commands.includes(command))
      .map((command) => (
        <CommandButton
          key={command}
          run={run}
          command={command}
          look={command === "retry" || command === "unpause" ? "primary" : undefined}
        />
      ));
  const others = commands.filter((command) => !BEFORE.includes(command) && !AFTER.includes(command));
  return (
    <div className="ml-auto flex flex-wrap items-center gap-2">
      {buttons(BEFORE)}
      {!isOver && mayRun && <SignalAction run={run} />}
      {mayRun && (
        <Link to="/runs/new" search={{ from: run.run_id }} className={buttonClass("plain")}>
          <RotateCcw aria-hidden className="size-3.5" />
          {runText.again}
        </Link>
      )}
      {buttons(AFTER)}
      <CommandMenu run={run} commands={others} label={text.command.more} hasLabel />
    </div>
  );
}
