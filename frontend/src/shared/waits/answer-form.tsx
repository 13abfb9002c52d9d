import { type FormEvent, useState } from "react";
import { ApiProblem } from "@/shared/api/problem";
import { JsonEditor } from "@/shared/json/json-editor";
import { initialValue } from "@/shared/schema-form/defaults";
import { errorsBelow, type FieldErrors } from "@/shared/schema-form/field-errors";
import type { JsonSchema } from "@/shared/schema-form/schema";
import { SchemaForm } from "@/shared/schema-form/schema-form";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";

interface AnswerFormProps {
  schema: JsonSchema | null;
  error: unknown;
  isPending: boolean;
  /** Buttons above already offer the usual answers. */
  isFolded: boolean;
  onAnswer: (value: unknown) => void;
  words?: { answer: string; raw: string; send: string };
}

export function AnswerForm({
  schema,
  error,
  isPending,
  isFolded,
  onAnswer,
  words = text.interrupt,
}: AnswerFormProps) {
  const [value, setValue] = useState<unknown>(() =>
    schema ? (initialValue(schema, schema, true) ?? null) : "",
  );
  const [fault, setFault] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fault === null) onAnswer(value);
  };
  const form = (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {schema ? (
        <SchemaForm
          schema={schema}
          value={value}
          onChange={setValue}
          errors={faultsOf(error)}
          label={words.answer}
        />
      ) : (
        <JsonEditor
          label={words.raw}
          value={value}
          onChange={setValue}
          fault={fault}
          onFault={setFault}
          className="min-h-16"
        />
      )}
      <Button
        type="submit"
        look={isFolded ? "plain" : "primary"}
        disabled={isPending || fault !== null}
        className="self-start"
      >
        {isPending ? text.interrupt.sending : words.send}
      </Button>
    </form>
  );
  if (!isFolded) return form;
  return (
    <details>
      <summary className="mb-2 w-fit rounded text-xs text-ink-soft hover:text-ink">
        {text.interrupt.custom}
      </summary>
      {form}
    </details>
  );
}

/** The server names the field within the answer, under `resume` or `body` (a signal), or under `answers` and the interrupt's id. */
function faultsOf(error: unknown): FieldErrors {
  if (!(error instanceof ApiProblem)) return new Map();
  const faults = new Map([...errorsBelow(error.fields, "resume"), ...errorsBelow(error.fields, "body")]);
  for (const [path, message] of errorsBelow(error.fields, "answers"))
    faults.set(path.split(".").slice(1).join("."), message);
  return faults;
}
