/** What the events of waiting, of children and of changed workflows say, in words. Pure. */
import { clockTime, fullTime } from "@/shared/time";

type Data = Record<string, unknown>;

const HASH_SHOWN = 12;

const WORDS: Record<string, (data: Data, at: string) => string> = {
  sleeping: (data, at) => parts("sleeps", until(data, at)),
  waiting: (data, at) => parts("waits for", awaited(data), until(data, at)),
  resumed: (data) => RESUMED_BY[String(data.from ?? "")] ?? "goes on",
  signal: (data) => parts(`signal ${word(data.name)} came`, "body" in data ? JSON.stringify(data.body) : ""),
  child_started: (data) => parts("started a run of", word(data.workflow), word(data.run_id)),
  child_ended: (data) => parts("child run", word(data.run_id), "has", ENDED[String(data.status)] ?? "ended"),
  migrated: (data) =>
    parts(
      "goes on with version",
      word(data.graph_hash).slice(0, HASH_SHOWN),
      moved(data.nodes),
      moved(data.keys),
    ),
  recovered: (data) => parts("taken up again", word(data.reason)),
  warning: (data) => word(data.message),
  paused: (data) => parts("paused", word(data.reason)),
  unpaused: (data) => parts("unpaused", word(data.reason)),
  cancelled: (data) => parts("cancelled", word(data.reason)),
};

const RESUMED_BY: Record<string, string> = {
  "": "has its answer",
  timer: "wakes up",
  signal: "takes the signal",
  child: "has the child run's result",
};

const ENDED: Record<string, string> = {
  completed: "completed",
  failed: "failed",
  cancelled: "been cancelled",
  quarantined: "been quarantined",
};

/** Null for an event that has no words here. */
export function wordsOf(kind: string, data: Data, at: string): string | null {
  return WORDS[kind]?.(data, at) ?? null;
}

function awaited(data: Data): string {
  return parts(data.for === "child" ? "child run" : "signal", word(data.name));
}

/** The clock alone on the same day, else with its date. */
function until(data: Data, at: string): string {
  if (typeof data.until !== "string") return "";
  const isSameDay = new Date(data.until).toDateString() === new Date(at).toDateString();
  return `until ${isSameDay ? clockTime(data.until) : fullTime(data.until)}`;
}

/** `{review: "check", notes: null}` as "review → check, without notes". */
function moved(names: unknown): string {
  if (typeof names !== "object" || names === null) return "";
  return Object.entries(names)
    .map(([old, now]) => (now === null ? `without ${old}` : `${old} → ${String(now)}`))
    .join(", ");
}

function word(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : JSON.stringify(value);
}

function parts(...words: string[]): string {
  return words.filter(Boolean).join(" ");
}
