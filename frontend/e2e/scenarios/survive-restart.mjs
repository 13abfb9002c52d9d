/** The server is killed in the middle of a run and started again: the same console goes on, none lost, none twice. */
import { assertWhole, readConsole } from "../console-reader.mjs";

const RESTARTS = 2;

/** @type {import("../scenario.d.ts").Scenario} */
export async function surviveRestart({ page, api, server, complaints, expect }) {
  if (!server) return "skipped: only a server of its own can be killed";
  const runId = await api.createRun({
    name: "to be killed",
    workflow: "long-crawl",
    payload: { steps: 120, pause_seconds: 0.1 },
  });
  await page.goto(`${api.url}/runs/${runId}`);
  await page.locator("[data-feed=live]").waitFor();
  for (let number = 0; number < RESTARTS; number++) {
    const before = await lastSeq(page);
    await page.waitForFunction(
      (seq) => Number(document.querySelector("[data-last-seq]")?.getAttribute("data-last-seq")) > seq + 20,
      before,
    );
    complaints.isServerAway = true;
    await server.kill();
    await page.locator("[data-feed=offline]").waitFor();
    await page.locator("[data-connection=offline]").waitFor();
    const atKill = await lastSeq(page);
    await server.up();
    await page.waitForFunction(
      (seq) => Number(document.querySelector("[data-last-seq]")?.getAttribute("data-last-seq")) > seq,
      atKill,
    );
    await page.locator("[data-connection=live]").waitFor();
    complaints.isServerAway = false;
  }
  const run = await api.waitFor(runId, ["completed"]);
  await page.locator("[data-feed=ended]").waitFor();
  const lines = await readConsole(page);
  assertWhole(lines, run.last_seq);
  const recovered = lines.filter((line) => line.event === "recovered").length;
  await expect(async () => recovered >= 1, true, "the console tells that the run was taken up again");
  await page.locator("header [data-status=completed]").waitFor();
  return `${run.last_seq} events over ${RESTARTS} kills, each once`;
}

/** @param {import("playwright-core").Page} page */
async function lastSeq(page) {
  return Number(await page.locator("[data-last-seq]").getAttribute("data-last-seq"));
}
