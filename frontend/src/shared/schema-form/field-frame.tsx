import { type ReactNode, useId } from "react";
import { text } from "@/shared/text";
import { type FieldProps, useForm } from "./form-context";

/** What a control needs to be tied to its label, its description and its fault. */
export interface ControlIds {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
  "aria-required": boolean | undefined;
}

interface FieldFrameProps extends Pick<FieldProps, "schema" | "path" | "label" | "isRequired"> {
  children: (ids: ControlIds) => ReactNode;
  /** Stands at the end of the label's line. */
  aside?: ReactNode;
}

/** Label, description and fault around one control. */
export function FieldFrame({ schema, path, label, isRequired, children, aside }: FieldFrameProps) {
  const id = useId();
  const fault = useForm().errors.get(path);
  const descriptionId = schema.description ? `${id}-description` : undefined;
  const faultId = fault ? `${id}-fault` : undefined;
  return (
    <div data-field={path} className="flex flex-col gap-1">
      <div className="flex min-h-6 items-center gap-2">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {isRequired && <span className="text-xs text-ink-faint">{text.form.required}</span>}
        {aside && <div className="ml-auto flex items-center gap-1">{aside}</div>}
      </div>
      {children({
        id,
        "aria-describedby": [faultId, descriptionId].filter(Boolean).join(" ") || undefined,
        "aria-invalid": fault ? true : undefined,
        "aria-required": isRequired || undefined,
      })}
      {fault && (
        <p id={faultId} className="text-xs font-medium text-bad">
          {fault}
        </p>
      )}
      {schema.description && (
        <p id={descriptionId} className="text-xs text-ink-faint">
          {schema.description}
        </p>
      )}
    </div>
  );
}
