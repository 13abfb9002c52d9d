import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { useRef } from "react";
import { useMay } from "@/shared/api/get-caller";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { keys } from "@/shared/api/keys";
import { setWorkflowPause } from "@/shared/api/pause";
import type { Workflow } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";

/** Pauses a workflow or lets it go on: a second click undoes the first, so nothing is asked. */
export function PauseWorkflow({ workflow }: { workflow: Workflow }) {
  const client = useQueryClient();
  const mayOperate = useMay("operate");
  const keyOf = useRef(new IdempotencyKeys());
  const { name, is_paused: isPaused } = workflow;
  const change = useMutation({
    mutationFn: () => setWorkflowPause(name, !isPaused, keyOf.current.keyFor(`${name} ${!isPaused}`)),
    onSuccess: async () => {
      keyOf.current.spent();
      await client.invalidateQueries({ queryKey: keys.workflows() });
    },
  });
  if (!mayOperate) return null;
  const Icon = isPaused ? Play : Pause;
  return (
    <>
      <Button
        disabled={change.isPending}
        aria-label={isPaused ? text.paused.unpauseWorkflow(name) : text.paused.pauseWorkflow(name)}
        onClick={() => change.mutate()}
      >
        <Icon aria-hidden className="size-3.5" />
        {isPaused ? text.command.words.unpause : text.command.words.pause}
      </Button>
      {change.isError && <ErrorState error={change.error} className="order-last w-full" />}
    </>
  );
}
