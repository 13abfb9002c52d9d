import { text } from "@/shared/text";
import { FieldFrame } from "./field-frame";
import type { FieldProps } from "./form-context";

const UNSET = "unset";
const NULL = "null";

/** One of a list of values of any type. */
export function ChoiceField({ values, ...props }: FieldProps & { values: readonly unknown[] }) {
  const { value, onChange, isRequired, isNullable } = props;
  const at = values.indexOf(value);
  const selected = at >= 0 ? String(at) : value === null ? NULL : UNSET;
  const change = (key: string) =>
    onChange(key === UNSET ? undefined : key === NULL ? null : values[Number(key)]);
  return (
    <FieldFrame {...props}>
      {(ids) => (
        <select
          {...ids}
          value={selected}
          onChange={(event) => change(event.target.value)}
          className="field max-w-80"
        >
          {(!isRequired || selected === UNSET) && <option value={UNSET}>{text.form.unset}</option>}
          {isNullable && <option value={NULL}>{text.form.isNull}</option>}
          {values.map((candidate, index) => (
            <option key={JSON.stringify(candidate)} value={index}>
              {typeof candidate === "string" ? candidate : JSON.stringify(candidate)}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}
