import { problemFrom, unreachable } from "./problem";
import { send } from "./send";
import type { Artifact } from "./types";

/** Stores a file as an artifact; its id can then stand in a payload. Sent raw: no multipart on either side. */
export async function uploadArtifact(file: File): Promise<Artifact> {
  const response = await send(`/api/artifacts?name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: { "content-type": file.type || "application/octet-stream" },
    body: file,
  }).catch(() => {
    throw unreachable();
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response.status, body);
  return body as Artifact;
}
