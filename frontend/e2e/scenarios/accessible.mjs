/** axe finds nothing on any page, light and dark, wide and narrow, nor in a dialog; nothing flows over sideways. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const THEMES = /** @type {const} */ (["light", "dark"]);
const WIDTHS = [1440, 320];
const IDLE_WITHIN_MS = 2_000;

/** @type {import("../scenario.d.ts").Scenario} */
export async function accessible({ browser, api, complaints }) {
  const done = await api.createRun({
    name: "looked at",
    workflow: "text-report",
    tags: ["axe"],
    payload: { input: "sonnets" },
  });
  const failed = await api.createRun({
    name: "fails",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 40 },
  });
  const asking = await api.createRun({
    name: "asks",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 3 },
  });
  await api.waitFor(done, ["completed"]);
  await api.waitFor(failed, ["failed"]);
  await api.waitFor(asking, ["interrupted"]);
  const article = await api.createRun({ name: "nested", workflow: "edited-article", payload: {} });
  const paying = await api.createRun({ name: "waits", workflow: "await-payment", payload: {} });
  const towns = await api.createRun({ name: "parent", workflow: "survey", payload: {} });
  await api.waitFor(article, ["interrupted"]);
  await api.waitFor(paying, ["waiting"]);
  const thread = (await api.waitFor(towns, ["completed"])).thread_id;
  const paths = [
    "/runs",
    "/runs?status=quarantined",
    "/runs/new",
    "/runs/new?workflow=train-model",
    `/runs/${done}`,
    `/runs/${done}?line=5`,
    ...["artifacts", "state", "input", "result"].map((tab) => `/runs/${done}?tab=${tab}`),
    `/runs/${failed}`,
    `/runs/${asking}`,
    `/runs/${article}`,
    `/runs/${paying}`,
    `/runs/${towns}`,
    "/inbox",
    `/threads/${thread}`,
    `/runs/new?workflow=survey&thread=${thread}`,
    `/runs?parent=${towns}`,
    "/workflows",
    "/artifacts",
    "/actors",
    "/access",
    "/nowhere",
  ];
  const dialogs = [
    [`/runs/${asking}`, "Cancel run"],
    [`/runs/${paying}`, "Send signal"],
    [`/runs/${failed}`, "Retry"],
    [`/threads/${thread}`, "Change state"],
    ["/actors", "Drain"],
    ["/access", "Make a key"],
  ];
  for (const colorScheme of THEMES) {
    const context = await browser.newContext({ colorScheme, reducedMotion: "reduce", bypassCSP: true });
    const page = await context.newPage();
    complaints.listenTo(page);
    for (const path of paths) {
      await page.goto(api.url + path);
      await settled(page);
      await lookAtWidths(page, `${colorScheme} ${path}`);
    }
    for (const [path, button] of dialogs) {
      await page.goto(api.url + path);
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.getByRole("dialog").waitFor();
      await lookAtWidths(page, `${colorScheme} ${path} ${button}`);
    }
    await page.goto(`${api.url}/runs/${asking}`);
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem").first().waitFor();
    await lookAtWidths(page, `${colorScheme} menu of a run`);
    await context.close();
  }
  return `${paths.length} pages and ${dialogs.length} dialogs, light and dark, wide and narrow, 0 violations`;
}

/** One load, then each width of it. */
async function lookAtWidths(/** @type {import("playwright-core").Page} */ page, /** @type {string} */ where) {
  await page.evaluate(AXE);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await look(page, `${where} at ${width}`);
  }
  await page.setViewportSize({ width: 1440, height: 800 });
}

/** @param {import("playwright-core").Page} page */
async function settled(page) {
  await page.locator("h1").first().waitFor({ state: "attached" });
  // Pages that look again each second are never idle for long.
  await page.waitForLoadState("networkidle", { timeout: IDLE_WITHIN_MS }).catch(() => {});
  await page.waitForTimeout(100);
}

/** @param {import("playwright-core").Page} page @param {string} where */
async function look(page, where) {
  const found = await page.evaluate(async (rules) => {
    // @ts-expect-error axe was put into the page before.
    const { violations } = await window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    const main = document.querySelector("main");
    return {
      violations: violations.map(
        (/** @type {any} */ each) =>
          `${each.id}: ${each.nodes.map((/** @type {any} */ node) => node.html.slice(0, 160)).join(" | ")}`,
      ),
      isOver:
        document.documentElement.scrollWidth > innerWidth ||
        (main !== null && main.scrollWidth > main.clientWidth + 1),
    };
  }, RULES);
  if (found.violations.length > 0) throw new Error(`axe, ${where}:\n  ${found.violations.join("\n  ")}`);
  if (found.isOver) throw new Error(`${where} flows over sideways.`);
}
