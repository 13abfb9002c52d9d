import { Plus, X } from "lucide-react";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import type { FieldProps } from "./form-context";

interface OptionalAsideProps
  extends Pick<FieldProps, "label" | "isRequired" | "isNullable" | "value" | "onChange"> {
  create: () => unknown;
}

/** Adds or takes away a group that may be left out. */
export function OptionalAside({
  label,
  isRequired,
  isNullable,
  value,
  onChange,
  create,
}: OptionalAsideProps) {
  const isThere = value !== undefined && value !== null;
  if (isThere && isRequired && !isNullable) return null;
  if (!isThere) {
    const seen = value === null ? text.form.isNull : text.form.unset;
    return (
      <Button
        look="quiet"
        size="small"
        onClick={() => onChange(create())}
        aria-label={`${seen}. ${text.form.add(label)}`}
      >
        <Plus aria-hidden className="size-3.5" />
        {seen}
      </Button>
    );
  }
  return (
    <Button
      look="quiet"
      size="icon"
      onClick={() => onChange(isRequired ? null : undefined)}
      aria-label={text.form.remove(label)}
    >
      <X aria-hidden className="size-3.5" />
    </Button>
  );
}
