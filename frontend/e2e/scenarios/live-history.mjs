/** Runs appear and change in the history by themselves; while a person reads further down, rows wait behind a pill. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function liveHistory({ page, api, expect }) {
  for (let number = 0; number < 60; number++)
    await api.createRun({ name: `older ${number}`, payload: { input: "short" } });
  await page.goto(`${api.url}/runs`);
  await page.locator("[data-connection=live]").waitFor();
  await page.getByRole("link", { name: "older 59" }).waitFor();

  const runId = await api.createRun({
    name: "comes by itself",
    workflow: "long-crawl",
    payload: { steps: 20, pause_seconds: 0.1 },
  });
  const row = page.getByRole("row").filter({ hasText: "comes by itself" });
  await row.locator("[data-status=running]").waitFor();
  await api.waitFor(runId, ["completed"]);
  await row.locator("[data-status=completed]").waitFor();

  const table = page.getByRole("table", { name: "Runs, newest first" });
  await table.evaluate((element) => element.scrollTo({ top: 1_000 }));
  await page.waitForTimeout(200);
  await api.createRun({ name: "waits behind the pill", payload: { input: "short" } });
  const pill = page.getByRole("button", { name: /^Show 1 new run/ });
  await pill.waitFor();
  await expect(() => page.getByText("waits behind the pill").count(), 0, "no row moves while one reads");
  await pill.click();
  await page.getByRole("link", { name: "waits behind the pill" }).waitFor();

  await page.getByLabel("Status", { exact: true }).selectOption("quarantined");
  await page.getByText("No run matches these filters").waitFor();
  await expect(
    async () => new URL(page.url()).searchParams.get("status"),
    "quarantined",
    "the filter is in the address",
  );
  const rows = await page.getByRole("row").count();
  if (rows > 60) throw new Error(`${rows} rows are in the document; only what is looked at should be.`);
  return `${rows} rows in the document`;
}
