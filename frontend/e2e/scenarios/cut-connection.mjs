/** The page's own connection is cut again and again while a run goes on: it comes back, none lost, none twice. */
import { assertWhole, readConsole } from "../console-reader.mjs";

const CUTS = 8;

/** @type {import("../scenario.d.ts").Scenario} */
export async function cutConnection({ page, api, expect }) {
  /** @type {import("playwright-core").WebSocketRoute[]} */
  const open = [];
  await page.routeWebSocket(/\/api\/ws\/.+/, (route) => {
    route.connectToServer();
    open.push(route);
  });
  const runId = await api.createRun({
    name: "cut off",
    workflow: "long-crawl",
    payload: { steps: 10_000, pause_seconds: 0.08 }, // it is ended here, when all cuts were made
  });
  await page.goto(`${api.url}/runs/${runId}`);
  for (let number = 0; number < CUTS; number++) {
    await page.locator("[data-feed=live]").waitFor();
    await page.waitForTimeout(300);
    await Promise.all(open.splice(0).map((route) => route.close({ code: 1011, reason: "cut" })));
    await expect(async () => open.length, 1, "the page has connected again");
  }
  await page.locator("[data-feed=live]").waitFor();
  await api.cancel(runId);
  const run = await api.waitFor(runId, ["cancelled"]);
  await page.locator("[data-feed=ended]").waitFor();
  assertWhole(await readConsole(page), run.last_seq);
  return `${run.last_seq} events over ${CUTS} cuts, each once`;
}
