import { useId } from "react";

interface TextInputProps {
  label: string;
  hint: string;
  value: string;
  fault: string | undefined;
  onChange: (value: string) => void;
  isRequired?: boolean;
}

export function TextInput({ label, hint, value, fault, onChange, isRequired = false }: TextInputProps) {
  const id = useId();
  return (
    <div className="flex min-w-0 flex-1 flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        value={value}
        required={isRequired}
        maxLength={200}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={`${id}-hint`}
        aria-invalid={fault ? true : undefined}
        className="field"
      />
      <p id={`${id}-hint`} className={fault ? "text-xs font-medium text-bad" : "text-xs text-ink-faint"}>
        {fault ?? hint}
      </p>
    </div>
  );
}
