import type { FieldProps } from "./form-context";

/** What an emptied text field stands for: left out, null, or the empty text itself. */
export function clearedValue({ isRequired, isNullable, schema }: FieldProps): unknown {
  if (isNullable && schema.default !== undefined) return null;
  if (!isRequired && schema.default === undefined) return undefined;
  return isNullable ? null : "";
}
