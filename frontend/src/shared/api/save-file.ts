/** Files that a page saves for a person where a plain link can't carry the key. */
import { api } from "./client";
import { problemFrom, unreachable, unwrap } from "./problem";
import { send } from "./send";

/** An address of an artifact's bytes that needs no key, for 60 s. */
export async function linkTo(artifactId: string): Promise<string> {
  const params = { path: { artifact_id: artifactId } };
  return (await unwrap(api.POST("/api/artifacts/{artifact_id}/link", { params }))).url;
}

/** Saves an artifact by a signed link: the browser streams it to the disk, however large it is. */
export async function saveArtifact(artifactId: string, name: string): Promise<void> {
  click(`${await linkTo(artifactId)}&download=true`, name);
}

/** Saves a JSON answer of the API by way of this page's memory. */
export async function saveAnswer(url: string, name: string): Promise<void> {
  const response = await send(url).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null));
  const held = URL.createObjectURL(await response.blob());
  click(held, name);
  setTimeout(() => URL.revokeObjectURL(held), 10_000);
}

function click(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
