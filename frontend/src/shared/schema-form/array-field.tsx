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
import type { JsonSchema } from "./schema";

/** A list whose items can be added and taken away. */
export function ArrayField({ items, ...props }: FieldProps & { items: JsonSchema }) {
  const { root } = useForm();
  const { label, path, value, onChange } = props;
  const current = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    <GroupFrame {...props} aside={<OptionalAside {...props} create={() => []} />}>
      {current.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name than their place.
        <div key={at} className="flex items-start gap-1">
          <div className="min-w-0 flex-1">
            <Field
              name={`${label} ${at + 1}`}
              schema={withoutTitle(items)}
              path={joinPath(path, at)}
              isRequired
              value={item}
              onChange={(next) =>
                onChange(current.map((old, index) => (index === at ? (next ?? null) : old)))
              }
            />
          </div>
          <Button
            look="quiet"
            size="icon"
            className="mt-6"
            aria-label={text.form.remove(`${label} ${at + 1}`)}
            onClick={() => onChange(current.filter((_, index) => index !== at))}
          >
            <X aria-hidden className="size-3.5" />
          </Button>
        </div>
      ))}
      {Array.isArray(value) && (
        <Button
          size="small"
          className="self-start"
          onClick={() => onChange([...current, initialItem(items, root)])}
        >
          <Plus aria-hidden className="size-3.5" />
          {text.form.add(text.form.item)}
        </Button>
      )}
    </GroupFrame>
  );
}

function withoutTitle({ title, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
