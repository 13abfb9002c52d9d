/** Keyset paging: a page of items, the address of the next one from the `Link` header, and the total. */
import { problemFrom, unreachable } from "./problem";
import { send } from "./send";

export interface Page<T> {
  items: T[];
  next: string | null;
  total: number | null;
}

export async function fetchPage<T>(url: string, signal?: AbortSignal): Promise<Page<T>> {
  const response = await send(url, {
    signal: signal ?? null,
    headers: { accept: "application/json" },
  }).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable();
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response.status, body);
  const total = Number(response.headers.get("x-total-count") ?? Number.NaN);
  return {
    items: Array.isArray(body) ? (body as T[]) : [],
    next: nextLink(response.headers.get("link")),
    total: Number.isFinite(total) ? total : null,
  };
}

/** The path and query of `rel="next"`. The host is dropped: behind a proxy it may be one we can't reach. */
export function nextLink(header: string | null): string | null {
  for (const part of header?.split(/,\s*(?=<)/) ?? []) {
    const match = /^<([^>]*)>\s*;(.*)$/.exec(part.trim());
    if (match?.[1] === undefined || !/\brel="?next"?/.test(match[2] ?? "")) continue;
    const url = new URL(match[1], window.location.origin);
    return url.pathname + url.search;
  }
  return null;
}

export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(key, String(value));
  }
  const encoded = search.toString();
  return encoded ? `${path}?${encoded}` : path;
}
