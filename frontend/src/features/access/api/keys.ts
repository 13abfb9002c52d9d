import { queryOptions } from "@tanstack/react-query";
import { api } from "@/shared/api/client";
import { keys } from "@/shared/api/keys";
import { unwrap } from "@/shared/api/problem";
import type { CreatedKey, CreateKey } from "@/shared/api/types";

export const listKeys = () =>
  queryOptions({
    queryKey: keys.apiKeys(),
    queryFn: ({ signal }) => unwrap(api.GET("/api/keys", { signal })),
  });

/** The answer holds the key, which is never shown again: it goes into no cache. */
export function createKey(body: CreateKey): Promise<CreatedKey> {
  return unwrap(api.POST("/api/keys", { body }));
}

export async function revokeKey(keyId: string): Promise<void> {
  await unwrap<unknown>(api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: keyId } } }));
}
