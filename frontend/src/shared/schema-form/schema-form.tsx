import { useMemo } from "react";
import { text } from "@/shared/text";
import { Field } from "./field";
import { type FieldErrors, NO_ERRORS } from "./field-errors";
import { FormContext } from "./form-context";
import { type JsonSchema, readField } from "./schema";

interface SchemaFormProps {
  schema: JsonSchema;
  value: unknown;
  onChange: (value: unknown) => void;
  errors?: FieldErrors;
  /** Label of the one field, where the schema is not an object. */
  label: string;
}

/** A form made from a JSON Schema. It holds no value of its own: the caller does, and may show it as JSON beside. */
export function SchemaForm({ schema, value, onChange, errors = NO_ERRORS, label }: SchemaFormProps) {
  const context = useMemo(() => ({ root: schema, errors }), [schema, errors]);
  const { field } = readField(schema, schema);
  if (field.kind === "object" && field.properties.length === 0) {
    return <p className="text-sm text-ink-faint">{text.form.emptyObject}</p>;
  }
  return (
    <FormContext value={context}>
      <Field name={label} schema={schema} path="" isRequired value={value} onChange={onChange} />
    </FormContext>
  );
}
