import { useId, useState } from "react";
import { text } from "@/shared/text";
import { initialItem, variantOf } from "./defaults";
import { Field } from "./field";
import type { FieldProps } from "./form-context";
import { useForm } from "./form-context";
import { GroupFrame } from "./group-frame";
import { OptionalAside } from "./optional-aside";
import { type JsonSchema, variantName } from "./schema";

/** One of several shapes: a picker, and below it the fields of the shape that was picked. */
export function VariantField({ variants, ...props }: FieldProps & { variants: JsonSchema[] }) {
  const { root } = useForm();
  const id = useId();
  const { value, onChange, path } = props;
  const [picked, setPicked] = useState<number | null>(null);
  const at = picked ?? variantOf(value, variants, root);
  const variant = variants[at] ?? {};
  const create = () => initialItem(variant, root);
  const pick = (next: number) => {
    setPicked(next);
    onChange(initialItem(variants[next] ?? {}, root));
  };
  return (
    <GroupFrame {...props} aside={<OptionalAside {...props} create={create} />}>
      {value !== undefined && value !== null && (
        <>
          <label htmlFor={id} className="flex items-center gap-2 text-xs text-ink-faint">
            {text.form.kind}
            <select
              id={id}
              value={at}
              onChange={(event) => pick(Number(event.target.value))}
              className="field w-auto"
            >
              {variants.map((candidate, index) => (
                <option key={variantName(candidate, root) + String(index)} value={index}>
                  {variantName(candidate, root)}
                </option>
              ))}
            </select>
          </label>
          <Field
            name={variantName(variant, root)}
            schema={variant}
            path={path}
            isRequired
            value={value}
            onChange={onChange}
          />
        </>
      )}
    </GroupFrame>
  );
}
