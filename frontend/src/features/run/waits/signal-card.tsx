import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { useRef } from "react";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { keys } from "@/shared/api/keys";
import type { PendingInterrupt } from "@/shared/api/types";
import type { JsonSchema } from "@/shared/schema-form/schema";
import { text } from "@/shared/text";
import { ErrorState } from "@/shared/ui/error-state";
import { AnswerForm } from "@/shared/waits/answer-form";
import { sendSignal } from "@/shared/waits/send-signal";
import { Countdown } from "./countdown";
import { WaitFrame } from "./wait-frame";

/** A signal that a run waits for, with the form to send it. */
export function SignalCard({ wait }: { wait: PendingInterrupt }) {
  const client = useQueryClient();
  const keyOf = useRef(new IdempotencyKeys());
  const name = wait.name ?? "";
  const send = useMutation({
    mutationFn: (body: unknown) =>
      sendSignal(wait.run_id, name, body, keyOf.current.keyFor(JSON.stringify(body))),
    onSuccess: (run) => {
      keyOf.current.spent();
      client.setQueryData(keys.run(wait.run_id), run);
    },
  });
  const place = wait.path.join(" › ");
  return (
    <WaitFrame
      title={text.waits.signal(place, name)}
      icon={Radio}
      aside={
        wait.due_at && (
          <>
            {text.waits.givesUp} <Countdown until={wait.due_at} />
          </>
        )
      }
    >
      <div className="flex max-w-xl flex-col gap-3">
        <AnswerForm
          schema={wait.response_schema as JsonSchema | null}
          error={send.error}
          isPending={send.isPending}
          isFolded={false}
          onAnswer={(body) => send.mutate(body)}
          words={{ answer: text.waits.body, raw: text.waits.bodyRaw, send: text.waits.sendNamed(name) }}
        />
        {send.isError && <ErrorState error={send.error} />}
        {send.isSuccess && (
          <p role="status" className="text-sm text-good">
            {text.waits.sent(name)}
          </p>
        )}
      </div>
    </WaitFrame>
  );
}
