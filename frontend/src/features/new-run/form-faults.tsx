import { useEffect, useRef } from "react";
import type { FieldError } from "@/shared/api/types";
import { text } from "@/shared/text";

interface FormFaultsProps {
  error: unknown;
  /** Faults that no field shows. */
  fields: readonly FieldError[];
  /** A fault of the payload as a whole. */
  payload: string | undefined;
}

/** What the server said to the whole form; the keyboard goes to the first field that has a fault. */
export function FormFaults({ error, fields, payload }: FormFaultsProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!error) return;
    const invalid = ref.current?.closest("form")?.querySelector<HTMLElement>("[aria-invalid=true]");
    (invalid ?? ref.current)?.focus();
  }, [error]);
  if (!error) return null;
  const detail = error instanceof Error ? error.message : String(error);
  return (
    <div ref={ref} role="alert" tabIndex={-1} className="rounded-lg bg-bad-soft p-3 text-sm">
      <p className="font-medium text-bad">{text.newRun.failed}</p>
      <p className="mt-0.5 break-words text-ink-soft">{detail}</p>
      {(payload || fields.length > 0) && (
        <ul className="mt-1 list-disc pl-5 text-ink-soft">
          {payload && <li>{payload}</li>}
          {fields.map(({ field, message }) => (
            <li key={field}>
              <code className="font-mono text-xs">{field}</code>: {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
