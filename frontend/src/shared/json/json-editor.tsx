import { useState } from "react";
import { cx } from "@/shared/class-names";

interface JsonEditorProps {
  id?: string;
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Says what is wrong with what is typed; null where nothing is. */
  onFault: (fault: string | null) => void;
  fault: string | null;
  className?: string;
}

/** JSON as text, in step with a value: what is typed goes out once it is JSON, what comes in is shown laid out. */
export function JsonEditor({ id, label, value, onChange, onFault, fault, className }: JsonEditorProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const type = (source: string) => {
    setDraft(source);
    try {
      onChange(JSON.parse(source));
      onFault(null);
    } catch (error) {
      onFault(error instanceof Error ? error.message : String(error));
    }
  };
  const shown =
    draft !== null && (fault !== null || isSame(draft, value))
      ? draft
      : JSON.stringify(value ?? null, null, 2);
  return (
    <textarea
      id={id}
      aria-label={label}
      aria-invalid={fault !== null}
      value={shown}
      spellCheck={false}
      onChange={(event) => type(event.target.value)}
      onBlur={() => fault === null && setDraft(null)}
      className={cx("field resize-y font-mono text-xs", className)}
    />
  );
}

function isSame(source: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(source)) === JSON.stringify(value);
  } catch {
    return false;
  }
}
