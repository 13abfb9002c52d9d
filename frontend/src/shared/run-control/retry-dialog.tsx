import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { retryRun } from "@/shared/api/command-run";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import type { Run } from "@/shared/api/types";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { StateChange } from "./state-change";

/** Goes on from the last checkpoint with a new run, whose page is opened; the state may be mended before. */
export function RetryDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const keyOf = useRef(new IdempotencyKeys());
  const [update, setUpdate] = useState<unknown>(null);
  const retry = useMutation({
    mutationFn: () => {
      const body = update === null ? {} : { update };
      return retryRun(run.run_id, body, keyOf.current.keyFor(JSON.stringify(body)));
    },
    onSuccess: async ({ run_id }) => {
      onClose();
      await navigate({ to: "/runs/$runId", params: { runId: run_id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    retry.mutate();
  };
  return (
    <Dialog title={text.command.retryTitle} isOpen onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mt-1 text-sm text-ink-soft">{text.command.retryWhy}</p>
        <StateChange onChange={setUpdate} />
        {retry.isError && <ErrorState error={retry.error} className="mt-3" />}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button type="submit" look="primary" disabled={retry.isPending || update === undefined}>
            {retry.isPending
              ? text.command.working
              : update === null
                ? text.command.retryConfirm
                : text.command.retryPatched}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
