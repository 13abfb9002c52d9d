import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitBranch, Play } from "lucide-react";
import { useRef } from "react";
import { createRun } from "@/shared/api/create-run";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";

interface GoOnActionProps {
  threadId: string;
  workflow: string;
  checkpointId: string;
  /** Newer checkpoints stay as they are, beside the new branch. */
  isFork: boolean;
  /** Nothing is due there: a run that goes on would do nothing. */
  isOver: boolean;
}

/** Starts a run without an input at a checkpoint: what was due there is executed. */
export function GoOnAction({ threadId, workflow, checkpointId, isFork, isOver }: GoOnActionProps) {
  const navigate = useNavigate();
  const keyOf = useRef(new IdempotencyKeys());
  const begin = useMutation({
    mutationFn: () => {
      const body = {
        name: isFork ? text.thread.forkName(workflow) : workflow,
        workflow,
        payload: null,
        thread_id: threadId,
        checkpoint_id: checkpointId,
        on_busy_thread: "queue" as const,
      };
      return createRun(body, keyOf.current.keyFor(JSON.stringify(body)));
    },
    onSuccess: ({ run_id }) => {
      keyOf.current.spent();
      void navigate({ to: "/runs/$runId", params: { runId: run_id } });
    },
  });
  const Icon = isFork ? GitBranch : Play;
  return (
    <>
      <Button
        look="primary"
        disabled={begin.isPending || isOver}
        title={isOver ? text.thread.nothingDue : undefined}
        onClick={() => begin.mutate()}
      >
        <Icon aria-hidden className="size-3.5" />
        {isFork ? text.thread.fork : text.thread.goOn}
      </Button>
      {begin.isError && <ErrorState error={begin.error} className="w-full" />}
    </>
  );
}
