import { problemFrom, unreachable } from "@/shared/api/problem";
import { send } from "@/shared/api/send";

/** Reads what operators see. It is asked for every second, so nothing of it is kept longer. */
export async function readJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await send(path, { signal, headers: { accept: "application/json" } }).catch(
    (cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw unreachable();
    },
  );
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response.status, body);
  return body as T;
}
