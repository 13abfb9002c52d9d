import { useState } from "react";
import { text } from "@/shared/text";
import { FieldFrame } from "./field-frame";
import type { FieldProps } from "./form-context";

/** Any JSON. While what is typed is none yet, the last value that was stays. */
export function JsonField(props: FieldProps) {
  const { value, onChange } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const isBroken = draft !== null && draft.trim() !== "" && !isJson(draft);
  const shown = draft ?? (value === undefined ? "" : JSON.stringify(value, null, 2));
  const change = (next: string) => {
    setDraft(next);
    if (next.trim() === "") onChange(props.isRequired ? null : undefined);
    else if (isJson(next)) onChange(JSON.parse(next));
  };
  return (
    <FieldFrame {...props}>
      {(ids) => (
        <>
          <textarea
            {...ids}
            aria-invalid={isBroken || ids["aria-invalid"]}
            value={shown}
            spellCheck={false}
            placeholder="JSON"
            onChange={(event) => change(event.target.value)}
            onBlur={() => !isBroken && setDraft(null)}
            className="field max-h-80 min-h-8 resize-y font-mono text-xs [field-sizing:content]"
          />
          {isBroken && <p className="text-xs text-bad">{text.form.jsonFault}</p>}
        </>
      )}
    </FieldFrame>
  );
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}
