import { Plus, X } from "lucide-react";
import { text } from "@/shared/text";
import { Button } from "@/shared/ui/button";
import { initialItem } from "./defaults";
import { Field } from "./field";
import { joinPath } from "./field-errors";
import type { FieldProps } from "./form-context";
import { useForm } from "./form-context";
import { GroupFrame } from "./group-frame";
import { OptionalAside } from "./optional-aside";
import { isObject, type JsonSchema } from "./schema";

/** An object whose keys are free. */
export function MapField({ values, ...props }: FieldProps & { values: JsonSchema }) {
  const { root } = useForm();
  const { label, path, value, onChange } = props;
  const entries = isObject(value) ? Object.entries(value) : [];
  const replace = (at: number, entry: [string, unknown] | null) =>
    onChange(
      Object.fromEntries(entries.flatMap((old, index) => (index === at ? (entry ? [entry] : []) : [old]))),
    );
  const add = () =>
    onChange({ ...Object.fromEntries(entries), [freeKey(entries)]: initialItem(values, root) });
  return (
    <GroupFrame {...props} aside={<OptionalAside {...props} create={() => ({})} />}>
      {entries.map(([key, entry], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: its key is what is being typed.
        <div key={at} className="flex items-start gap-2">
          <input
            aria-label={`${text.form.key}: ${label}`}
            value={key}
            onChange={(event) => replace(at, [event.target.value, entry])}
            className="field mt-7 max-w-40 font-mono text-xs"
          />
          <div className="min-w-0 flex-1">
            <Field
              name={text.form.value}
              schema={values}
              path={joinPath(path, key)}
              isRequired
              value={entry}
              onChange={(next) => replace(at, [key, next ?? null])}
            />
          </div>
          <Button
            look="quiet"
            size="icon"
            className="mt-7"
            aria-label={text.form.remove(key)}
            onClick={() => replace(at, null)}
          >
            <X aria-hidden className="size-3.5" />
          </Button>
        </div>
      ))}
      {isObject(value) && (
        <Button size="small" className="self-start" onClick={add}>
          <Plus aria-hidden className="size-3.5" />
          {text.form.add(text.form.entry)}
        </Button>
      )}
    </GroupFrame>
  );
}

function freeKey(entries: readonly [string, unknown][]): string {
  const taken = new Set(entries.map(([key]) => key));
  for (let number = entries.length + 1; ; number++) {
    if (!taken.has(`key${number}`)) return `key${number}`;
  }
}
