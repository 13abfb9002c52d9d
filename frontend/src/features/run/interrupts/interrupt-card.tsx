import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Hand } from "lucide-react";
import { keys } from "@/shared/api/keys";
import type { Interrupt } from "@/shared/api/types";
import { JsonPanel } from "@/shared/json/json-panel";
import type { JsonSchema } from "@/shared/schema-form/schema";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { TimeText } from "@/shared/ui/time-text";
import { answerInterrupt } from "../api/answer-interrupt";
import { AnswerForm } from "./answer-form";
import { offersOf, questionOf } from "./offers";

interface InterruptCardProps {
  runId: string;
  interrupt: Interrupt;
}

export function InterruptCard({ runId, interrupt }: InterruptCardProps) {
  const client = useQueryClient();
  const answer = useMutation({
    mutationFn: (value: unknown) => answerInterrupt(runId, interrupt.id, value),
    onSuccess: (run) => {
      client.setQueryData(keys.run(runId), run);
      return client.invalidateQueries({ queryKey: keys.runState(runId) });
    },
  });
  const offers = offersOf(interrupt.value);
  const { sentence, rest } = questionOf(interrupt.value);
  return (
    <section aria-label={text.interrupt.asks(interrupt.node)} className="card border-person/40 p-4">
      <div className="flex items-center gap-2 text-sm">
        <Hand aria-hidden className="size-4 text-person" strokeWidth={2.25} />
        <h2 className="font-semibold text-person">{text.interrupt.asks(interrupt.node)}</h2>
        <TimeText at={interrupt.created_at} className="text-xs text-ink-faint" />
      </div>
      <div className="mt-2 grid gap-4 md:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-2">
          {sentence && <p className="text-base">{sentence}</p>}
          {rest !== undefined && (
            <div className="max-h-56 overflow-y-auto rounded-lg bg-sunken p-3">
              <JsonPanel source={JSON.stringify(rest)} label={text.interrupt.asks(interrupt.node)} />
            </div>
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          {offers.length > 0 && (
            <div className="flex flex-wrap gap-2">
              {offers.map((offer) => (
                <Button
                  key={offer.label}
                  look={offer.look}
                  disabled={answer.isPending}
                  onClick={() => answer.mutate(offer.answer)}
                >
                  {offer.label}
                </Button>
              ))}
            </div>
          )}
          <AnswerForm
            schema={interrupt.response_schema as JsonSchema | null}
            error={answer.error}
            isPending={answer.isPending}
            isFolded={offers.length > 0}
            onAnswer={(value) => answer.mutate(value)}
          />
          {answer.isError && <ErrorState error={answer.error} />}
        </div>
      </div>
    </section>
  );
}
