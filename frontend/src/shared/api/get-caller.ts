import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { problemFrom, unreachable, unwrap } from "./problem";
import type { Role } from "./types";

/** Who the server takes this page for, and what that may do. */
export const getCaller = () =>
  queryOptions({
    queryKey: keys.caller(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/keys/me", { signal })),
    staleTime: 60_000,
  });

/** True also as long as nobody knows: the server decides, a page only spares a click that would be refused. */
export function useMay(role: Role): boolean {
  const { data } = useQuery(getCaller());
  return data?.roles.includes(role) ?? true;
}

/** Asks with a key that is not in use yet; false where the server does not accept it. */
export async function isAccepted(key: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await globalThis.fetch("/api/keys/me", { headers }).catch(() => null);
  if (!response) throw unreachable();
  if (response.status === 401) return false;
  if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null));
  return true;
}

/** A key in a header may hold visible ASCII only; anything else is a slip of the clipboard. */
export function isWellFormed(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}
