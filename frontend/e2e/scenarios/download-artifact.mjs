/** An artifact is previewed and downloaded; its bytes are those of the server, and their hash the one that is shown. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** @type {import("../scenario.d.ts").Scenario} */
export async function downloadArtifact({ page, api, expect }) {
  const runId = await api.createRun({
    name: "with a report",
    workflow: "text-report",
    payload: { input: "gettysburg_address" },
  });
  await api.waitFor(runId, ["completed"]);
  await page.goto(`${api.url}/runs/${runId}?tab=artifacts`);
  await page.getByRole("button", { name: "report.md" }).click();
  await page.locator(".markdown h1").first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  const saved = readFileSync(await download.path());
  const artifact = (await api.get(`/api/runs/${runId}/artifacts`)).find(
    (/** @type {{name: string}} */ each) => each.name === "report.md",
  );
  const kept = Buffer.from(
    await (await fetch(`${api.url}/api/artifacts/${artifact.artifact_id}`)).arrayBuffer(),
  );
  await expect(async () => saved.equals(kept), true, "the bytes are the server's");
  await expect(
    async () => createHash("sha256").update(saved).digest("hex"),
    artifact.sha256,
    "their hash is the one that is told",
  );
  await expect(async () => download.suggestedFilename(), "report.md", "the file has its name");
  await page.goto(`${api.url}/artifacts?artifact=${artifact.artifact_id}`);
  await page.locator(".markdown h1").first().waitFor();
  return `${saved.length} bytes, the same`;
}
