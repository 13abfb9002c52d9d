import { useId } from "react";
import { JsonEditor } from "@/shared/json/json-editor";
import type { FieldErrors } from "@/shared/schema-form/field-errors";
import { text } from "@/shared/text";
import { type More, NOTHING_MORE } from "./more";
import { TextInput } from "./text-input";

interface MoreFieldsProps {
  more: More;
  onChange: (part: Partial<More>) => void;
  contextFault: string | null;
  onContextFault: (fault: string | null) => void;
  threadFault: string | undefined;
  contextFaults: FieldErrors;
  configFaults: FieldErrors;
}

const words = text.newRun.moreFields;

/** Folded, as most runs need none of it; open where something is said already. */
export function MoreFields(props: MoreFieldsProps) {
  const { more, onChange, contextFault, onContextFault, threadFault, contextFaults, configFaults } = props;
  const id = useId();
  const said = (name: keyof More) => more[name] !== NOTHING_MORE[name];
  const hasFault = threadFault !== undefined || contextFaults.size > 0 || configFaults.size > 0;
  const fault = contextFault ?? [...contextFaults.values()][0];
  return (
    <details open={hasFault || said("threadId") || undefined} className="border-t border-line pt-4">
      <summary className="w-fit rounded text-sm font-medium text-ink-soft hover:text-ink">
        {text.newRun.more}
      </summary>
      <div className="mt-4 flex flex-col gap-4">
        <TextInput
          label={words.thread}
          hint={words.threadHint}
          value={more.threadId}
          fault={threadFault}
          onChange={(threadId) => onChange({ threadId })}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextInput
            label={words.recursionLimit}
            hint={words.recursionLimitHint}
            value={more.recursionLimit}
            fault={configFaults.get("recursion_limit")}
            onChange={(recursionLimit) => onChange({ recursionLimit })}
          />
          <TextInput
            label={words.maxConcurrency}
            hint={words.maxConcurrencyHint}
            value={more.maxConcurrency}
            fault={configFaults.get("max_concurrency")}
            onChange={(maxConcurrency) => onChange({ maxConcurrency })}
          />
          <TextInput
            label={words.timeout}
            hint={words.timeoutHint}
            value={more.timeoutSeconds}
            fault={configFaults.get("timeout_seconds")}
            onChange={(timeoutSeconds) => onChange({ timeoutSeconds })}
          />
          <TextInput
            label={words.interruptBefore}
            hint={words.interruptBeforeHint}
            value={more.interruptBefore}
            fault={[...configFaults].find(([path]) => path.startsWith("interrupt_before"))?.[1]}
            onChange={(interruptBefore) => onChange({ interruptBefore })}
          />
        </div>
        <div className="flex flex-col gap-1">
          <label htmlFor={id} className="text-sm font-medium">
            {words.context}
          </label>
          <JsonEditor
            id={id}
            label={words.context}
            value={more.context}
            onChange={(context) => onChange({ context })}
            fault={contextFault}
            onFault={onContextFault}
            className="min-h-16"
          />
          <p className={fault ? "text-xs font-medium text-bad" : "text-xs text-ink-faint"}>
            {fault ?? words.contextHint}
          </p>
        </div>
      </div>
    </details>
  );
}
