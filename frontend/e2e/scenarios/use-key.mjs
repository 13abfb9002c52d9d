/** A server that wants a key: the page asks for it, carries it with everything, hides what it may not do, and forgets it. */
import { readFileSync } from "node:fs";

const OPERATOR = "operator-key-0123456789abcdef";
const READER = "reader-key-0123456789abcdef";
const REFUSED = /401|403|4401/;

/** @type {import("../scenario.d.ts").Scenario} */
export async function useKey({ page, api, server, complaints, expect }) {
  if (!server) return "left out: the server is not ours";
  const report = await api.createRun({
    name: "behind a key",
    workflow: "text-report",
    payload: { input: "gettysburg_address" },
  });
  await api.waitFor(report, ["completed"]);
  await restart(server, { FASTGRAPH_API_KEYS: `${OPERATOR},read:${READER}` }, OPERATOR);
  complaints.isServerAway = true;

  await page.goto(`${api.url}/runs/${report}?tab=artifacts`);
  const field = page.getByLabel("API key");
  await field.fill("not-a-key-of-this-server");
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.getByText("does not know this key").waitFor();
  await field.fill(OPERATOR);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator("[data-connection=live]").waitFor();
  await page.getByRole("button", { name: "report.md" }).click();
  await page.locator(".markdown h1").first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  const saved = readFileSync(await download.path(), "utf8");
  await expect(async () => saved.startsWith("#"), true, "a signed link gives the file");
  await expect(async () => download.url().includes(OPERATOR), false, "no key stands in an address");
  await page.goto(`${api.url}/access`);
  await page.getByRole("button", { name: "Make a key" }).first().waitFor();
  await page.getByRole("button", { name: "Forget the key" }).click();

  await page.getByLabel("API key").fill(READER);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator("[data-connection=live]").waitFor();
  await page.goto(`${api.url}/runs/${report}`);
  await page.locator("header [data-status=completed]").waitFor();
  await page.getByText("may read").first().waitFor();
  await expect(
    () => page.getByRole("button", { name: "Delete", exact: true }).count(),
    0,
    "a reader is offered nothing to change",
  );
  complaints.forget(REFUSED);
  await restart(server, {}, null);
  complaints.isServerAway = false;
  return "asked, used, forgotten, and a reader may only read";
}

/** @param {import("../server.mjs").OwnServer} server @param {Record<string, string>} settings @param {string | null} key */
async function restart(server, settings, key) {
  await server.kill();
  server.settings = settings;
  server.headers = key === null ? {} : { authorization: `Bearer ${key}` };
  await server.up();
}
