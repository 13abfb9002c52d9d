import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Hand } from "lucide-react";
import type { ReactNode } from "react";
import { keys } from "@/shared/api/keys";
import type { PendingInterrupt } from "@/shared/api/types";
import { JsonPanel } from "@/shared/json/json-panel";
import type { JsonSchema } from "@/shared/schema-form/schema";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { ErrorState } from "@/shared/ui/error-state";
import { TimeText } from "@/shared/ui/time-text";
import { AnswerForm } from "./answer-form";
import { answerInterrupt } from "./answer-interrupt";
import { offersOf, questionOf } from "./offers";

interface InterruptCardProps {
  interrupt: PendingInterrupt;
  /** Whose question it is, where the page does not say so. */
  about?: ReactNode;
  onAnswered?: () => void;
}

/** A question to a person, with the form for its answer. */
export function InterruptCard({ interrupt, about, onAnswered }: InterruptCardProps) {
  const runId = interrupt.run_id;
  const asks = text.interrupt.asks(interrupt.path.join(" › ") || interrupt.node);
  const client = useQueryClient();
  const answer = useMutation({
    mutationFn: (value: unknown) => answerInterrupt(runId, interrupt.id, value),
    onSuccess: (run) => {
      client.setQueryData(keys.run(runId), run);
      onAnswered?.();
      void client.invalidateQueries({ queryKey: keys.runState(runId) });
      void client.invalidateQueries({ queryKey: keys.inbox() });
      return client.invalidateQueries({ queryKey: keys.runWaits(runId) });
    },
  });
  const offers = offersOf(interrupt.value);
  const { sentence, rest } = questionOf(interrupt.value);
  return (
    <section aria-label={asks} className="card border-person/40 p-4">
      <div className="flex items-center gap-2 text-sm">
        <Hand aria-hidden className="size-4 shrink-0 text-person" strokeWidth={2.25} />
        <h2 className="min-w-0 break-words font-semibold text-person">{asks}</h2>
        <TimeText at={interrupt.created_at} className="ml-auto shrink-0 text-xs text-ink-faint" />
      </div>
      {about}
      <div className="mt-2 grid gap-4 md:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-2">
          {sentence && <p className="text-base">{sentence}</p>}
          {rest !== undefined && (
            <div className="max-h-56 overflow-y-auto rounded-lg bg-sunken p-3">
              <JsonPanel source={JSON.stringify(rest)} label={asks} />
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
