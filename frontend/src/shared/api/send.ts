/** Every request of the page goes through here: the key goes with it, and a 401 makes the page ask for another. */
import { apiKey } from "./api-key";

export async function send(input: Request | string, init?: RequestInit): Promise<Response> {
  const { key } = apiKey.get();
  const response = await globalThis.fetch(input, key === null ? init : withKey(key, input, init));
  if (response.status === 401) apiKey.refused(key);
  return response;
}

function withKey(key: string, input: Request | string, init: RequestInit | undefined): RequestInit {
  const headers = new Headers(init?.headers ?? (typeof input === "string" ? undefined : input.headers));
  headers.set("authorization", `Bearer ${key}`);
  return { ...init, headers };
}
