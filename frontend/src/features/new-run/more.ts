/** What few runs need: the thread they go on with, a context, how they are executed. As typed, and as it is sent. Pure. */
import type { CreateRun } from "@/shared/api/types";
import { isObject } from "@/shared/schema-form/schema";

export interface More {
  threadId: string;
  context: unknown;
  recursionLimit: string;
  maxConcurrency: string;
  timeoutSeconds: string;
  interruptBefore: string;
}

export const NOTHING_MORE: More = {
  threadId: "",
  context: {},
  recursionLimit: "",
  maxConcurrency: "",
  timeoutSeconds: "",
  interruptBefore: "",
};

/** Only what is said: the server's defaults stand for the rest. */
export function partsOf(more: More): Partial<CreateRun> {
  const config = {
    ...numberOf("recursion_limit", more.recursionLimit),
    ...numberOf("max_concurrency", more.maxConcurrency),
    ...numberOf("timeout_seconds", more.timeoutSeconds),
    ...nodesOf(more.interruptBefore),
  };
  const hasContext = isObject(more.context) && Object.keys(more.context).length > 0;
  return {
    ...(more.threadId.trim() ? { thread_id: more.threadId.trim() } : {}),
    ...(hasContext ? { context: more.context as Record<string, unknown> } : {}),
    ...(Object.keys(config).length > 0 ? { config: config as NonNullable<CreateRun["config"]> } : {}),
  };
}

/** What is no number goes out as it was typed, so that the server's word on it stands at its field. */
function numberOf(name: string, typed: string): Record<string, unknown> {
  const trimmed = typed.trim();
  if (trimmed === "") return {};
  const number = Number(trimmed);
  return { [name]: Number.isFinite(number) ? number : trimmed };
}

function nodesOf(typed: string): Record<string, unknown> {
  const nodes = typed
    .split(",")
    .map((node) => node.trim())
    .filter(Boolean);
  if (nodes.length === 0) return {};
  return { interrupt_before: nodes.includes("*") ? "*" : nodes };
}
