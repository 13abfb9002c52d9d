import { initialValue } from "./defaults";
import { Field } from "./field";
import { joinPath } from "./field-errors";
import type { FieldProps } from "./form-context";
import { useForm } from "./form-context";
import { GroupFrame } from "./group-frame";
import { OptionalAside } from "./optional-aside";
import { isObject, type JsonSchema } from "./schema";

interface ObjectFieldProps extends FieldProps {
  properties: readonly [string, JsonSchema][];
  required: ReadonlySet<string>;
}

/** The fields of an object; at the root of a form without a frame of its own. */
export function ObjectField({ properties, required, ...props }: ObjectFieldProps) {
  const { root } = useForm();
  const { path, value, onChange, schema } = props;
  const current = isObject(value) ? value : {};
  const set = (name: string, next: unknown) => {
    const { [name]: _, ...others } = current;
    // Keys keep the order of the schema, so that the JSON beside doesn't jump while one types.
    onChange(next === undefined ? others : inOrder({ ...current, [name]: next }, properties));
  };
  const fields = properties.map(([name, property]) => (
    <Field
      key={name}
      name={name}
      schema={property}
      path={joinPath(path, name)}
      isRequired={required.has(name)}
      value={current[name]}
      onChange={(next) => set(name, next)}
    />
  ));
  if (path === "") return <div className="flex flex-col gap-4">{fields}</div>;
  const create = () => initialValue({ ...schema, default: undefined }, root, true) ?? {};
  return (
    <GroupFrame {...props} aside={<OptionalAside {...props} create={create} />}>
      {isObject(value) && fields}
    </GroupFrame>
  );
}

function inOrder(
  value: Record<string, unknown>,
  properties: readonly [string, unknown][],
): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const [name] of properties) if (name in value) ordered[name] = value[name];
  return { ...ordered, ...value };
}
