import { useId } from "react";
import { ChoiceField } from "./choice-field";
import type { FieldProps } from "./form-context";
import { useForm } from "./form-context";

/** A box to tick; where "not said" is a third answer, a choice of three. */
export function BooleanField(props: FieldProps) {
  const id = useId();
  const fault = useForm().errors.get(props.path);
  const { schema, label, value, onChange, path } = props;
  if (props.isNullable || (!props.isRequired && schema.default === undefined)) {
    return <ChoiceField {...props} values={[true, false]} />;
  }
  return (
    <div data-field={path} className="flex flex-col gap-1">
      <label className="flex items-center gap-2 text-sm font-medium">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
          aria-describedby={fault || schema.description ? id : undefined}
          aria-invalid={fault ? true : undefined}
          className="size-4 accent-accent-fill"
        />
        {label}
      </label>
      {(fault ?? schema.description) && (
        <p id={id} className={fault ? "text-xs font-medium text-bad" : "text-xs text-ink-faint"}>
          {fault ?? schema.description}
        </p>
      )}
    </div>
  );
}
