import { problemFrom, unreachable } from "./problem";
import { send } from "./send";
import type { Run, RunBegun } from "./types";

export type PlainCommand =
  | "pause"
  | "unpause"
  | "cancel"
  | "terminate"
  | "discard"
  | "quarantine"
  | "release"
  | "keep"
  | "unkeep";

/** Tells a run what to do. The key makes it safe to send again after a lost answer: nothing is done twice. */
export function commandRun(runId: string, command: PlainCommand, reason: string, key: string): Promise<Run> {
  return post(`/api/runs/${encodeURIComponent(runId)}/${command}`, reason ? { reason } : {}, key);
}

export interface Retry {
  /** Written into the state before it goes on, as a node would return it. */
  update?: unknown;
}

/** A new run on the same thread, from the last checkpoint; the ended one stays as it is. */
export function retryRun(runId: string, body: Retry, key: string): Promise<RunBegun> {
  return post(`/api/runs/${encodeURIComponent(runId)}/retry`, body, key);
}

export interface Fork {
  checkpoint_id?: string;
  update?: unknown;
  as_node?: string;
}

/** A new run from a checkpoint of this one, with the state changed where something is given. */
export function forkRun(runId: string, body: Fork, key: string): Promise<RunBegun> {
  return post(`/api/runs/${encodeURIComponent(runId)}/fork`, body, key);
}

/** A command as all of them are sent: JSON, with a key under which it is done once. */
export async function post<T>(path: string, body: unknown, idempotencyKey: string): Promise<T> {
  const response = await send(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      "idempotency-key": idempotencyKey,
    },
    body: JSON.stringify(body),
  }).catch(() => {
    throw unreachable();
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response.status, answer);
  return answer as T;
}
