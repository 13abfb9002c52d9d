import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { commandRun, type PlainCommand } from "@/shared/api/command-run";
import { deleteRun } from "@/shared/api/delete-run";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { keys } from "@/shared/api/keys";
import type { Run } from "@/shared/api/types";
import { type RunPages, withoutRun } from "@/shared/feed/run-pages";
import { text } from "@/shared/text";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { AT_ONCE, type RunCommand } from "./commands";
import { DirectCommand } from "./direct-command";
import { ForkDialog } from "./fork-dialog";
import { RetryDialog } from "./retry-dialog";
import { useAnsweredRun } from "./use-answered-run";

interface RunCommandDialogProps {
  run: Run;
  command: RunCommand;
  onClose: () => void;
}

/** What a command asks before it is sent; one that asks nothing is sent at once and speaks up only when it fails. */
export default function RunCommandDialog({ run, command, onClose }: RunCommandDialogProps) {
  if (command === "retry") return <RetryDialog run={run} onClose={onClose} />;
  if (command === "fork") return <ForkDialog run={run} onClose={onClose} />;
  if (command === "delete") return <DeleteDialog run={run} onClose={onClose} />;
  if (AT_ONCE.has(command))
    return <DirectCommand run={run} command={command as PlainCommand} onClose={onClose} />;
  return <Ask run={run} command={command as Asking} onClose={onClose} />;
}

type Asking = "cancel" | "terminate" | "quarantine" | "release" | "discard";

function Ask({ run, command, onClose }: { run: Run; command: Asking; onClose: () => void }) {
  const answered = useAnsweredRun();
  const keyOf = useRef(new IdempotencyKeys());
  const tell = useMutation({
    mutationFn: (reason: string) =>
      commandRun(run.run_id, command, reason, keyOf.current.keyFor(`${command} ${reason}`)),
    onSuccess: (answer) => {
      answered(answer);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      words={text.command.ask[command]}
      hasReason
      isPending={tell.isPending}
      error={tell.error}
      onConfirm={(reason) => tell.mutate(reason)}
      onClose={onClose}
    />
  );
}

function DeleteDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const isOnItsPage = useLocation({ select: ({ pathname }) => pathname.endsWith(run.run_id) });
  const remove = useMutation({
    mutationFn: () => deleteRun(run.run_id),
    onSuccess: async () => {
      client.setQueriesData<RunPages>(
        { queryKey: keys.runs() },
        (data) => data && withoutRun(data, run.run_id),
      );
      onClose();
      if (isOnItsPage) await navigate({ to: "/runs" });
      client.removeQueries({ queryKey: keys.run(run.run_id) });
    },
  });
  return (
    <ConfirmDialog
      words={text.command.ask.delete}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
