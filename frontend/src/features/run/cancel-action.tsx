import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban } from "lucide-react";
import { useState } from "react";
import { keys } from "@/shared/api/keys";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { cancelRun } from "./api/cancel-run";

export function CancelAction({ run }: { run: Run }) {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const cancel = useMutation({
    mutationFn: () => cancelRun(run.run_id, reason.trim()),
    onSuccess: (answered) => {
      client.setQueryData(keys.run(run.run_id), answered);
      setOpen(false);
    },
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        <Ban aria-hidden className="size-3.5" />
        {text.run.cancel}
      </Button>
      <Dialog title={text.run.cancelTitle} isOpen={isOpen} onClose={() => setOpen(false)}>
        <p className="mt-1 text-sm text-ink-soft">{text.run.cancelWhy}</p>
        <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
          {text.run.cancelReason}
          <input
            value={reason}
            maxLength={2000}
            onChange={(event) => setReason(event.target.value)}
            className="field font-normal"
          />
        </label>
        {cancel.isError && <ErrorState error={cancel.error} className="mt-3" />}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={() => setOpen(false)}>{text.run.keep}</Button>
          <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {text.run.cancelConfirm}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
