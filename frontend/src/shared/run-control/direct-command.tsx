import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { commandRun, type PlainCommand } from "@/shared/api/command-run";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { useAnsweredRun } from "./use-answered-run";

interface DirectCommandProps {
  run: Run;
  command: PlainCommand;
  onClose: () => void;
}

/** Sends a command as soon as it is there; only a refusal is shown. */
export function DirectCommand({ run, command, onClose }: DirectCommandProps) {
  const answered = useAnsweredRun();
  const keyOf = useRef(new IdempotencyKeys());
  const { mutate, error } = useMutation({
    mutationFn: () => commandRun(run.run_id, command, "", keyOf.current.keyFor(command)),
    onSuccess: (answer) => {
      answered(answer);
      onClose();
    },
  });
  // The same key each time: however often React calls this, the server does it once.
  useEffect(() => mutate(), [mutate]);
  if (!error) return null;
  return (
    <Dialog title={text.command.failed(text.command.words[command])} isOpen onClose={onClose}>
      <ErrorState error={error} className="mt-3" />
      <div className="mt-5 flex justify-end">
        <Button onClick={onClose}>{text.common.close}</Button>
      </div>
    </Dialog>
  );
}
