import { type ReactNode, useId } from "react";
import { type FieldProps, useForm } from "./form-context";

interface GroupFrameProps extends Pick<FieldProps, "schema" | "path" | "label"> {
  children: ReactNode;
  aside?: ReactNode;
}

/** Several fields under one name: a nested object, a list, a choice of shapes. */
export function GroupFrame({ schema, path, label, children, aside }: GroupFrameProps) {
  const id = useId();
  const fault = useForm().errors.get(path);
  return (
    <div role="group" aria-labelledby={id} data-field={path} className="flex flex-col gap-2">
      <div className="flex min-h-6 items-center gap-2">
        <span id={id} className="text-sm font-medium">
          {label}
        </span>
        {aside && <div className="ml-auto flex items-center gap-1">{aside}</div>}
      </div>
      {schema.description && <p className="-mt-1 text-xs text-ink-faint">{schema.description}</p>}
      {fault && (
        <p role="alert" className="text-xs font-medium text-bad">
          {fault}
        </p>
      )}
      <div className="flex flex-col gap-4 border-l-2 border-line pl-3">{children}</div>
    </div>
  );
}
