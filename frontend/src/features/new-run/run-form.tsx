import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { createRun } from "@/shared/api/create-run";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import { ApiProblem } from "@/shared/api/problem";
import type { Workflow } from "@/shared/api/types";
import { errorsBelow, errorsElsewhere } from "@/shared/schema-form/field-errors";
import type { JsonSchema } from "@/shared/schema-form/schema";
import { isObject } from "@/shared/schema-form/schema";
import { SchemaForm } from "@/shared/schema-form/schema-form";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { curlOf } from "./curl";
import { type Draft, requestOf } from "./draft";
import { FormFaults } from "./form-faults";
import { MoreFields } from "./more-fields";
import { RequestPanel } from "./request-panel";
import { TextInput } from "./text-input";

interface RunFormProps {
  workflow: Workflow;
  initial: Draft;
  picker: ReactNode;
}

const SHOWN_AT_FIELDS = ["payload", "name", "tags", "thread_id", "context", "config"];

/** The form, the JSON and the command are three views of one draft. */
export function RunForm({ workflow, initial, picker }: RunFormProps) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(initial);
  const [jsonFault, setJsonFault] = useState<string | null>(null);
  const [contextFault, setContextFault] = useState<string | null>(null);
  const keys = useRef(new IdempotencyKeys());
  const create = useMutation({
    mutationFn: () => {
      const request = requestOf(draft);
      return createRun(request, keys.current.keyFor(JSON.stringify(request)));
    },
    onSuccess: ({ run_id }) => {
      keys.current.spent();
      void navigate({ to: "/runs/$runId", params: { runId: run_id } });
    },
  });
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  const isObjectPayload = isObject(draft.payload);
  const isReady = jsonFault === null && contextFault === null && isObjectPayload && draft.name.trim() !== "";
  const faults = create.error instanceof ApiProblem ? create.error.fields : [];
  const payloadFaults = errorsBelow(faults, "payload");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <form onSubmit={submit} className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
      <div className="card flex flex-col gap-5 p-4 lg:p-5">
        {picker}
        <div className="flex flex-col gap-4 sm:flex-row">
          <TextInput
            label={text.newRun.name}
            hint={text.newRun.nameHint}
            value={draft.name}
            isRequired
            fault={errorsBelow(faults, "name").get("")}
            onChange={(name) => change({ name })}
          />
          <TextInput
            label={text.newRun.tags}
            hint={text.newRun.tagsHint}
            value={draft.tags}
            fault={[...errorsBelow(faults, "tags").values()][0]}
            onChange={(tags) => change({ tags })}
          />
        </div>
        <fieldset className="border-t border-line pt-4">
          <legend className="sr-only">{text.newRun.input}</legend>
          <SchemaForm
            schema={workflow.input_schema as JsonSchema}
            value={draft.payload}
            onChange={(payload) => change({ payload })}
            errors={payloadFaults}
            label={text.newRun.input}
          />
        </fieldset>
        <MoreFields
          more={draft.more}
          onChange={(part) => setDraft((now) => ({ ...now, more: { ...now.more, ...part } }))}
          contextFault={contextFault}
          onContextFault={setContextFault}
          threadFault={errorsBelow(faults, "thread_id").get("")}
          contextFaults={errorsBelow(faults, "context")}
          configFaults={errorsBelow(faults, "config")}
        />
        <FormFaults
          error={create.error}
          fields={errorsElsewhere(faults, SHOWN_AT_FIELDS)}
          payload={payloadFaults.get("")}
        />
        {!isObjectPayload && (
          <p role="alert" className="text-sm text-bad">
            {text.newRun.notObject}
          </p>
        )}
        <Button type="submit" look="primary" className="self-start" disabled={create.isPending || !isReady}>
          <Play aria-hidden className="size-4" />
          {create.isPending ? text.newRun.starting : text.newRun.start}
        </Button>
      </div>
      <RequestPanel
        payload={draft.payload}
        onPayload={(payload) => change({ payload })}
        fault={jsonFault}
        onFault={setJsonFault}
        curl={curlOf(window.location.origin, requestOf(draft))}
      />
    </form>
  );
}
