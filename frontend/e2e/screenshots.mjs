/**
 * The pictures of the README: `npm run screenshots -- [--url URL] [--out ../docs/images]`.
 * Real runs of the shipped workflows on a server of its own, light and dark.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { readOptions } from "./options.mjs";
import { OwnServer } from "./server.mjs";
import { ServerApi } from "./server-api.mjs";

const SIZE = { width: 1280, height: 800 };
const DEFAULT_OUT = fileURLToPath(new URL("../../docs/images", import.meta.url));

/** @param {ServerApi} api */
async function makeRuns(api) {
  const report = await api.createRun({
    name: "gettysburg",
    workflow: "text-report",
    tags: ["demo"],
    payload: { input: "gettysburg_address" },
  });
  const model = await api.createRun({
    name: "digits",
    workflow: "train-model",
    tags: ["ml"],
    payload: { dataset: "digits" },
  });
  await api.createRun({
    name: "forty desks",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 40 },
  });
  await api.createRun({
    name: "three desks for Ada",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 3 },
  });
  await api.createRun({
    name: "sonnets",
    workflow: "text-report",
    tags: ["demo"],
    payload: { input: "sonnets" },
  });
  await api.waitFor(report, ["completed"]);
  await api.waitFor(model, ["completed", "failed"]);
  const crawl = await api.createRun({
    name: "nightly crawl",
    workflow: "long-crawl",
    tags: ["nightly"],
    payload: { pause_seconds: 0.4 },
  });
  await api.waitFor(crawl, ["running"]);
  return { model, crawl };
}

const options = readOptions();
const out = options.out ?? DEFAULT_OUT;
mkdirSync(out, { recursive: true });
const server = options.url ? null : await OwnServer.start();
const api = new ServerApi(options.url ?? server?.url ?? "");
const browser = await launch();
try {
  const { model, crawl } = await makeRuns(api);
  const pages = [
    ["runs", "/runs"],
    ["run", `/runs/${crawl}`],
    ["artifact", `/runs/${model}?tab=artifacts`],
    ["new-run", "/runs/new?workflow=text-report"],
  ];
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const context = await browser.newContext({
      viewport: SIZE,
      colorScheme,
      reducedMotion: "reduce",
      deviceScaleFactor: 1.5,
    });
    const page = await context.newPage();
    for (const [name, path] of pages) {
      await page.goto(api.url + path);
      await page.locator("[data-connection=live]").waitFor();
      await page.waitForTimeout(2_500);
      const file = join(out, `${name}-${colorScheme}.png`);
      await page.screenshot({ path: file });
      console.log(file);
    }
    await context.close();
  }
} finally {
  await browser.close();
  await server?.stop();
}
