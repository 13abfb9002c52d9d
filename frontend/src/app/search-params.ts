/** What may stand in the address of a page: anything else falls away. Pure. */
import type { RunFilters } from "@/shared/api/keys";
import { isRunStatus } from "@/shared/status";

type Search = Record<string, unknown>;

/** The router reads `?name=12` as a number; a filter is a text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value || undefined;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

export function runsSearch(search: Search): RunFilters {
  const status = textOf(search.status);
  return {
    status: status && isRunStatus(status) ? status : undefined,
    workflow: textOf(search.workflow),
    name: textOf(search.name),
    tag: textOf(search.tag),
    parent: textOf(search.parent),
    thread_id: textOf(search.thread_id),
  };
}

export interface NewRunSearch {
  workflow?: string | undefined;
  /** A run whose input is taken over. */
  from?: string | undefined;
  /** A thread that the run goes on with. */
  thread?: string | undefined;
}

export function newRunSearch(search: Search): NewRunSearch {
  return {
    workflow: textOf(search.workflow),
    from: textOf(search.from),
    thread: textOf(search.thread),
  };
}

export interface RunSearch {
  tab?: string | undefined;
  node?: string | undefined;
  q?: string | undefined;
  level?: string | undefined;
  line?: number | undefined;
  artifact?: string | undefined;
}

export function runSearch(search: Search): RunSearch {
  const line = Number(search.line);
  return {
    tab: textOf(search.tab),
    node: textOf(search.node),
    q: textOf(search.q),
    level: textOf(search.level),
    line: Number.isInteger(line) && line > 0 ? line : undefined,
    artifact: textOf(search.artifact),
  };
}

export interface ThreadSearch {
  /** The chosen checkpoint; the newest where none is. */
  checkpoint?: string | undefined;
}

export function threadSearch(search: Search): ThreadSearch {
  return { checkpoint: textOf(search.checkpoint) };
}

export interface ArtifactsSearch {
  artifact?: string | undefined;
}

export function artifactsSearch(search: Search): ArtifactsSearch {
  return { artifact: textOf(search.artifact) };
}

export interface WorkflowsSearch {
  name?: string | undefined;
}

export function workflowsSearch(search: Search): WorkflowsSearch {
  return { name: textOf(search.name) };
}

export interface ActorsSearch {
  /** The chosen actor. */
  actor?: string | undefined;
  /** What is looked for. */
  q?: string | undefined;
}

export function actorsSearch(search: Search): ActorsSearch {
  return { actor: textOf(search.actor), q: textOf(search.q) };
}
