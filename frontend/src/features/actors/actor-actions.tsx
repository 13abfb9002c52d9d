import { useMutation } from "@tanstack/react-query";
import { Layers, RotateCw, Square } from "lucide-react";
import { useRef, useState } from "react";
import { useMay } from "@/shared/api/get-caller";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import type { Actor, HostCommand } from "@/shared/api/types";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { type ActorAction, askActor } from "./api/ask-host";
import { AskButton } from "./ask-button";
import { CommandOutcome } from "./command-outcome";
import { actorsText } from "./text";

interface Asked {
  action: ActorAction;
  command: HostCommand;
}

/** What can be asked of an actor that lives in a host; those of an API process live and end with it. */
export function ActorActions({ actor }: { actor: Actor }) {
  const mayOperate = useMay("operate");
  const keyOf = useRef(new IdempotencyKeys());
  const [asked, setAsked] = useState<Asked | null>(null);
  const dump = useMutation({
    mutationFn: () => askActor(actor.id, "dump-stack", "", keyOf.current.keyFor(actor.id)),
    onSuccess: (command) => {
      keyOf.current.spent();
      setAsked({ action: "dump-stack", command });
    },
  });
  if (!mayOperate || actor.host == null) return null;
  const isHost = actor.kind === "Host";
  const ask = (action: ActorAction) => (reason: string, key: string) =>
    askActor(actor.id, action, reason, key);
  const told = (action: ActorAction) => (command: HostCommand) => setAsked({ action, command });
  return (
    <div className="mt-3">
      <div className="flex flex-wrap gap-2">
        <Button size="small" disabled={dump.isPending} onClick={() => dump.mutate()}>
          <Layers aria-hidden className="size-3.5" />
          {actorsText.actions["dump-stack"]}
        </Button>
        {!isHost && (
          <>
            <AskButton action="restart" icon={RotateCw} ask={ask("restart")} onAsked={told("restart")} />
            <AskButton action="stop" icon={Square} ask={ask("stop")} onAsked={told("stop")} />
          </>
        )}
      </div>
      {dump.isError && <ErrorState error={dump.error} className="mt-3" />}
      {asked && (
        <CommandOutcome
          key={asked.command.command_id}
          asked={asked.command}
          word={actorsText.actions[asked.action]}
          title={
            asked.action === "dump-stack" ? actorsText.stackOf(actor.kind) : actorsText.actions[asked.action]
          }
        />
      )}
    </div>
  );
}
