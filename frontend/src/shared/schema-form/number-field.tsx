import { useState } from "react";
import { clearedValue } from "./cleared";
import { FieldFrame } from "./field-frame";
import type { FieldProps } from "./form-context";

/** Kept as text while it is typed ("-", "1e"), handed on as a number as soon as it is one. */
export function NumberField({ isInteger, ...props }: FieldProps & { isInteger: boolean }) {
  const { value, onChange } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const shown =
    typed !== null && sameNumber(typed, value)
      ? typed
      : value === undefined || value === null
        ? ""
        : String(value);
  const change = (next: string) => {
    setTyped(next);
    const cleared = clearedValue(props);
    if (next.trim() === "") onChange(cleared === "" ? undefined : cleared);
    // What is no number goes out as it is: the server then says so at this field.
    else onChange(Number.isNaN(Number(next)) ? next : Number(next));
  };
  return (
    <FieldFrame {...props}>
      {(ids) => (
        <input
          {...ids}
          inputMode={isInteger ? "numeric" : "decimal"}
          value={shown}
          onChange={(event) => change(event.target.value)}
          className="field tabular max-w-48"
        />
      )}
    </FieldFrame>
  );
}

function sameNumber(typed: string, value: unknown): boolean {
  if (typed.trim() === "") return value === undefined || value === null;
  return Number.isNaN(Number(typed)) ? value === typed : value === Number(typed);
}
