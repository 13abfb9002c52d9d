/** Formats of JSON Schema and the browser's controls for them. Pure. */
export type InputType = "text" | "date" | "time" | "datetime-local" | "email" | "url" | "password";

export function inputTypeOf(format: string | undefined): InputType {
  switch (format) {
    case "date":
    case "time":
    case "email":
    case "password":
      return format;
    case "date-time":
      return "datetime-local";
    case "uri":
      return "url";
    default:
      return "text";
  }
}

/** RFC 3339 in any zone to the local time that a `datetime-local` shows. */
export function toLocal(value: string, format: string | undefined): string {
  if (format !== "date-time" || value === "") return value;
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** And back, in UTC, as the API writes times. */
export function fromLocal(value: string, format: string | undefined): string {
  if (format !== "date-time" || value === "") return value;
  return new Date(value).toISOString().replace(".000Z", "Z");
}
