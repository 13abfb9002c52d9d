/** One line of the console, and how an event becomes one. Pure. */
import type { RunEvent } from "@/shared/api/types";
import { bytes, duration } from "@/shared/time";
import { pathText } from "../namespace";
import { wordsOf } from "./event-words";

export type Level = "debug" | "info" | "warning" | "error";

export interface Line {
  /** Numbers of the events it shows; more than one where tokens or progress were folded. */
  seqFrom: number;
  seq: number;
  at: string;
  event: string;
  level: Level;
  node: string;
  text: string;
  /** True for what user code wrote: logs, tokens, custom values, progress. */
  isOutput: boolean;
  data: Record<string, unknown> | null;
}

const MAX_TEXT = 2_000;
const OUTPUT = new Set(["log", "token", "custom", "progress"]);
const LEVELS: Record<string, Level> = {
  node_failed: "error",
  failed: "error",
  quarantined: "error",
  node_retry: "warning",
  recovered: "warning",
  warning: "warning",
  cancelled: "warning",
};

export function lineOf(event: RunEvent): Line {
  const data = event.data ?? {};
  return {
    seqFrom: event.seq_from ?? event.seq,
    seq: event.seq,
    at: event.at,
    event: event.event,
    level: event.event === "log" ? logLevel(data.level) : (LEVELS[event.event] ?? "info"),
    node: event.node ?? "",
    text: cut(join(textOf(event.event, data, event.at), placeOf(data))),
    isOutput: OUTPUT.has(event.event),
    data: event.data ?? null,
  };
}

/**
 * Folds an event into the line before it, where a person would see one line: tokens of a node go on, progress
 * overwrites itself. Null where the event is a line of its own.
 */
export function foldInto(last: Line, event: RunEvent): Line | null {
  if (last.event !== event.event || last.node !== (event.node ?? "")) return null;
  if (event.event === "token") {
    if (last.text.length > MAX_TEXT / 2 || last.text.endsWith("\n")) return null;
    return { ...last, seq: event.seq, text: last.text + str(event.data?.text) };
  }
  if (event.event === "progress" && last.data?.label === event.data?.label) {
    return { ...lineOf(event), seqFrom: last.seqFrom };
  }
  return null;
}

function textOf(kind: string, data: Record<string, unknown>, at: string): string {
  switch (kind) {
    case "log":
      return join(loggerOf(data.logger), str(data.message), fieldsOf(data.fields));
    case "token":
      return str(data.text);
    case "custom":
      return json(data.value);
    case "progress":
      return progressOf(data);
    case "queued":
      return join("queued", str(data.workflow));
    case "started":
    case "completed":
      return kind;
    case "checkpoint":
      return join("checkpoint", data.step === undefined ? "" : `after step ${str(data.step)}`);
    case "node_started":
      return join("started", attemptOf(data), data.step === undefined ? "" : `step ${str(data.step)}`);
    case "node_update":
      return join(
        "done",
        data.cached === true ? "from the cache" : "",
        typeof data.duration_ms === "number" ? `in ${duration(data.duration_ms)}` : "",
        updateOf(data.update),
      );
    case "artifact":
      return join(
        `saved ${str(data.name)}`,
        str(data.media_type),
        typeof data.size === "number" ? bytes(data.size) : "",
      );
    case "interrupted":
      return join("asks", json(data.value));
    case "failed":
    case "node_failed":
    case "node_retry":
    case "quarantined":
      return join(kind.replace("_", " "), attemptOf(data), errorOf(data), handlerOf(data));
    default:
      return (
        wordsOf(kind, data, at) ?? join(kind.replaceAll("_", " "), Object.keys(data).length ? json(data) : "")
      );
  }
}

function errorOf(data: Record<string, unknown>): string {
  const error = data.error;
  if (typeof error !== "object" || error === null) return str(error ?? data.message ?? data.reason ?? "");
  const { type, message } = error as Record<string, unknown>;
  return [type, message].filter(Boolean).map(str).join(": ");
}

function handlerOf(data: Record<string, unknown>): string {
  return data.handled_by ? `handled by ${str(data.handled_by)}` : "";
}

/** Where a task of a graph inside a node stands. */
function placeOf(data: Record<string, unknown>): string {
  const path = pathText(data.namespace);
  return path ? `in ${path}` : "";
}

/** A library's lines begin with who wrote them; what was printed needs no name. */
function loggerOf(logger: unknown): string {
  return typeof logger === "string" && logger !== "stdout" && logger !== "stderr" ? `${logger}:` : "";
}

function progressOf(data: Record<string, unknown>): string {
  const { done, total, label } = data;
  const share = typeof done === "number" && typeof total === "number" && total > 0 ? done / total : null;
  const filled = share === null ? 0 : Math.max(0, Math.min(20, Math.round(share * 20)));
  const bar =
    share === null ? "" : `${"█".repeat(filled)}${"░".repeat(20 - filled)} ${Math.round(share * 100)}%`;
  return join(
    bar,
    total === undefined || total === null ? str(done) : `${str(done)} of ${str(total)}`,
    str(label),
  );
}

function updateOf(update: unknown): string {
  if (typeof update !== "object" || update === null) return "";
  if ("sha256" in update && "size" in update) return bytes(Number(update.size));
  const keys = Object.keys(update);
  return keys.length ? `wrote ${keys.join(", ")}` : "";
}

function attemptOf(data: Record<string, unknown>): string {
  return typeof data.attempt === "number" && data.attempt > 1 ? `attempt ${data.attempt}` : "";
}

function fieldsOf(fields: unknown): string {
  if (typeof fields !== "object" || fields === null) return "";
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : json(value)}`)
    .join(" ");
}

function logLevel(level: unknown): Level {
  const name = str(level).toLowerCase();
  if (name === "critical" || name === "error" || name === "fatal") return "error";
  if (name === "warn" || name === "warning") return "warning";
  return name === "debug" || name === "trace" ? "debug" : "info";
}

function join(...parts: string[]): string {
  return parts.filter(Boolean).join("  ");
}

function str(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : json(value);
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
