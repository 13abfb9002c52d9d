import { useState } from "react";
import { JsonEditor } from "@/shared/json/json-editor";
import { text } from "@/shared/text";

interface StateChangeProps {
  /** Told the keys to write, null while nothing is changed, undefined while what is typed is no JSON. */
  onChange: (update: unknown) => void;
}

/** A patch of the state that may be left out: folded until somebody wants it. */
export function StateChange({ onChange }: StateChangeProps) {
  const [value, setValue] = useState<unknown>({});
  const [fault, setFault] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const told = (next: unknown, isShown: boolean) => onChange(isShown && !isEmpty(next) ? next : null);
  return (
    <details
      className="mt-4"
      onToggle={(event) => {
        const isShown = event.currentTarget.open;
        setOpen(isShown);
        if (isShown && fault !== null) onChange(undefined);
        else told(value, isShown);
      }}
    >
      <summary className="w-fit rounded text-sm font-medium">{text.command.changeState}</summary>
      <p className="mt-1 text-sm text-ink-soft">{text.command.updateHint}</p>
      <JsonEditor
        label={text.command.update}
        value={value}
        fault={fault}
        onChange={(next) => {
          setValue(next);
          told(next, isOpen);
        }}
        onFault={(next) => {
          setFault(next);
          if (next !== null) onChange(undefined);
        }}
        className="mt-2 min-h-28"
      />
      {fault !== null && (
        <p role="alert" className="mt-1 text-xs text-bad">
          {text.newRun.jsonFault(fault)}
        </p>
      )}
    </details>
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
