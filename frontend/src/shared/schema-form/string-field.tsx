import { clearedValue } from "./cleared";
import { FieldFrame } from "./field-frame";
import type { FieldProps } from "./form-context";
import { fromLocal, inputTypeOf, toLocal } from "./string-formats";
import { UploadButton } from "./upload-button";

/** A line, or as many as the text has; dates, times and addresses in the browser's own controls. */
export function StringField({ format, ...props }: FieldProps & { format: string | undefined }) {
  const { value, onChange } = props;
  const shown = typeof value === "string" ? value : "";
  const change = (next: string) => onChange(next === "" ? clearedValue(props) : next);
  const type = inputTypeOf(format);
  const placeholder =
    typeof props.schema.examples === "object" ? String((props.schema.examples as unknown[])[0] ?? "") : "";
  if (type !== "text") {
    return (
      <FieldFrame {...props}>
        {(ids) => (
          <input
            {...ids}
            type={type}
            step={type === "datetime-local" || type === "time" ? 1 : undefined}
            value={toLocal(shown, format)}
            onChange={(event) => change(fromLocal(event.target.value, format))}
            className="field"
          />
        )}
      </FieldFrame>
    );
  }
  return (
    <FieldFrame {...props} aside={<UploadButton label={props.label} onUploaded={onChange} />}>
      {(ids) => (
        <textarea
          {...ids}
          rows={1}
          value={shown}
          placeholder={placeholder}
          spellCheck={false}
          onChange={(event) => change(event.target.value)}
          className="field max-h-64 min-h-8 resize-y [field-sizing:content]"
        />
      )}
    </FieldFrame>
  );
}
