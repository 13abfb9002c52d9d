import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { keys } from "@/shared/api/keys";
import type { Run } from "@/shared/api/types";
import { JsonEditor } from "@/shared/json/json-editor";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { ErrorState } from "@/shared/ui/error-state";
import { sendSignal } from "@/shared/waits/send-signal";

/** Sends any signal: the server keeps one that the run does not wait for yet. */
export function SignalAction({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Radio aria-hidden className="size-3.5" />
        {text.waits.send}
      </Button>
      <Dialog title={text.waits.sendTitle} isOpen={isOpen} onClose={() => setOpen(false)}>
        <SignalForm run={run} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function SignalForm({ run, onClose }: { run: Run; onClose: () => void }) {
  const client = useQueryClient();
  const keyOf = useRef(new IdempotencyKeys());
  const [name, setName] = useState("");
  const [body, setBody] = useState<unknown>({});
  const [fault, setFault] = useState<string | null>(null);
  const send = useMutation({
    mutationFn: () =>
      sendSignal(run.run_id, name.trim(), body, keyOf.current.keyFor(JSON.stringify([name.trim(), body]))),
    onSuccess: (answered) => {
      client.setQueryData(keys.run(run.run_id), answered);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form onSubmit={submit}>
      <p className="mt-1 text-sm text-ink-soft">{text.waits.sendWhy}</p>
      <label className="mt-4 flex flex-col gap-1 text-sm font-medium">
        {text.waits.name}
        <input
          value={name}
          required
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
          className="field font-normal"
        />
      </label>
      <p aria-hidden className="mt-3 mb-1 text-sm font-medium">
        {text.waits.body}
      </p>
      <JsonEditor
        label={text.waits.bodyRaw}
        value={body}
        onChange={setBody}
        fault={fault}
        onFault={setFault}
        className="min-h-24"
      />
      {send.isError && <ErrorState error={send.error} className="mt-3" />}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button
          type="submit"
          look="primary"
          disabled={send.isPending || fault !== null || name.trim() === ""}
        >
          {text.waits.send}
        </Button>
      </div>
    </form>
  );
}
