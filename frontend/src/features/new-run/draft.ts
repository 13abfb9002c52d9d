/** What stands in the form, and the request it makes. Pure. */
import type { CreateRun, Workflow } from "@/shared/api/types";
import { initialValue } from "@/shared/schema-form/defaults";
import { isObject, type JsonSchema } from "@/shared/schema-form/schema";
import { type More, NOTHING_MORE, partsOf } from "./more";

export interface Draft {
  workflow: string;
  name: string;
  tags: string;
  payload: unknown;
  more: More;
}

export function draftFor(
  workflow: Workflow,
  takenOver?: { name: string; tags: string[]; payload?: unknown },
  threadId = "",
): Draft {
  const schema = workflow.input_schema as JsonSchema;
  return {
    workflow: workflow.name,
    name: takenOver?.name ?? workflow.name,
    tags: takenOver?.tags.join(", ") ?? "",
    payload: takenOver?.payload ?? initialValue(schema, schema, true) ?? {},
    more: { ...NOTHING_MORE, threadId },
  };
}

export function tagsOf(source: string): string[] {
  return [...new Set(source.split(",").map((tag) => tag.trim()))].filter(Boolean);
}

export function requestOf(draft: Draft): CreateRun {
  const tags = tagsOf(draft.tags);
  const request: CreateRun = {
    name: draft.name.trim(),
    workflow: draft.workflow,
    payload: (isObject(draft.payload) ? draft.payload : {}) as Record<string, unknown>,
  };
  return { ...request, ...(tags.length > 0 ? { tags } : {}), ...partsOf(draft.more) };
}
