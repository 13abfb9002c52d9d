/** A run is cancelled and deleted from its page, each after a question in a dialog that Escape closes. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function cancelAndDelete({ page, api, expect }) {
  const runId = await api.createRun({
    name: "to be cancelled",
    workflow: "long-crawl",
    payload: { pause_seconds: 0.2 },
  });
  await page.goto(`${api.url}/runs/${runId}`);
  await page.locator("header [data-status=running]").waitFor();
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await expect(() => page.getByRole("dialog").count(), 0, "Escape closes the dialog");
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByLabel("Reason (optional)").fill("enough");
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await page.locator("header [data-status=cancelled]").waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: "Delete the run" }).click();
  await page.waitForURL(/\/runs$/);
  const answer = await fetch(`${api.url}/api/runs/${runId}`);
  await expect(async () => answer.status, 404, "the run is gone");
  return "cancelled, then deleted";
}
