/** What the feed of all runs does to cached pages of runs. Pure; the same object comes back where nothing changes. */
import type { RunFilters } from "@/shared/api/keys";
import type { Page } from "@/shared/api/page";
import type { Run, RunEvent } from "@/shared/api/types";
import { patchRun } from "./patch-run";

export interface RunPages {
  pages: Page<Run>[];
  pageParams: unknown[];
}

/** Events written into the runs that are there; a run that no longer matches the filter leaves. */
export function patchPages(data: RunPages, events: readonly RunEvent[], filters: RunFilters): RunPages {
  const byRun = new Map<string, RunEvent[]>();
  for (const event of events) {
    const known = byRun.get(event.run_id);
    if (known) known.push(event);
    else byRun.set(event.run_id, [event]);
  }
  let isChanged = false;
  const pages = data.pages.map((page) => {
    let isPageChanged = false;
    const items: Run[] = [];
    for (const run of page.items) {
      const patched = (byRun.get(run.run_id) ?? []).reduce(patchRun, run);
      if (patched !== run) isPageChanged = true;
      if (filters.status && patched.status !== filters.status) continue;
      items.push(patched);
    }
    if (!isPageChanged) return page;
    isChanged = true;
    return { ...page, items };
  });
  return isChanged ? { ...data, pages } : data;
}

/** A first page that was read again, laid over the pages there are: new runs in front, known ones brought up to date. */
export function mergeHead(data: RunPages, head: Page<Run>): RunPages {
  const [first, ...others] = data.pages;
  if (!first) return data;
  const fresh = new Map(head.items.map((run) => [run.run_id, run]));
  const oldest = head.items.at(-1)?.created_at ?? "";
  // Within the stretch that was read again the answer is the truth; beyond it the old rows stay.
  const kept = first.items.filter(
    (run) => !fresh.has(run.run_id) && head.next !== null && run.created_at < oldest,
  );
  const pages = others.map((page) => ({
    ...page,
    items: page.items.filter((run) => !fresh.has(run.run_id)),
  }));
  const next = others.length > 0 || kept.length > 0 ? first.next : head.next;
  return { ...data, pages: [{ items: [...head.items, ...kept], next, total: head.total }, ...pages] };
}

export function withoutRun(data: RunPages, runId: string): RunPages {
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.filter((run) => run.run_id !== runId),
  }));
  return { ...data, pages };
}

/** A run as a command has answered with it, in the place where the pages have it. */
export function withRun(data: RunPages, run: Run): RunPages {
  const isThere = (known: Run) => known.run_id === run.run_id && known.last_seq <= run.last_seq;
  if (!data.pages.some((page) => page.items.some(isThere))) return data;
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.map((known) => (isThere(known) ? run : known)),
  }));
  return { ...data, pages };
}
