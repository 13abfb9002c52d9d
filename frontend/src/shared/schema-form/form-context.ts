import { createContext, useContext } from "react";
import { type FieldErrors, NO_ERRORS } from "./field-errors";
import type { JsonSchema } from "./schema";

export interface FormContextValue {
  /** The schema that holds the definitions. */
  root: JsonSchema;
  errors: FieldErrors;
}

/** What every field needs and none should pass on. */
export const FormContext = createContext<FormContextValue>({ root: {}, errors: NO_ERRORS });

export function useForm(): FormContextValue {
  return useContext(FormContext);
}

export interface FieldProps {
  /** Resolved by the dispatcher; `path` is its place within the form, "items.0.name". */
  schema: JsonSchema;
  path: string;
  label: string;
  isRequired: boolean;
  isNullable: boolean;
  value: unknown;
  /** Undefined removes the key. */
  onChange: (value: unknown) => void;
}
