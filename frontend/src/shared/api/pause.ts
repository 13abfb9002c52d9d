import { post } from "./command-run";

/** Lets hosts take up nothing more, on the whole server or of one workflow, or lets them go on. */
export function setServerPause(isPaused: boolean, reason: string, key: string): Promise<unknown> {
  return post(`/api/monitoring/${isPaused ? "pause" : "unpause"}`, reason ? { reason } : {}, key);
}

export function setWorkflowPause(name: string, isPaused: boolean, key: string): Promise<unknown> {
  return post(`/api/workflows/${encodeURIComponent(name)}/${isPaused ? "pause" : "unpause"}`, {}, key);
}
