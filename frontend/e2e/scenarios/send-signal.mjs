/** A run waits for a signal: it is sent in the form of its schema, and the run sleeps, wakes and completes. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function sendSignal({ page, api, complaints, expect }) {
  const runId = await api.createRun({ name: "pays late", workflow: "await-payment", payload: {} });
  await page.goto(`${api.url}/runs/${runId}`);
  await page.locator("header [data-status=waiting]").waitFor();
  const card = page.getByRole("region", { name: "await_payment waits for the signal paid" });
  await card.getByText("gives up").waitFor();

  // Any signal may be sent; one that nobody waits for is kept.
  await page.getByRole("button", { name: "Send signal" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name of the signal").fill("seen");
  await dialog.getByRole("button", { name: "Send signal" }).click();
  await dialog.waitFor({ state: "detached" });

  await card.getByRole("button", { name: "Send paid" }).click();
  await expect(
    () => card.getByRole("alert").count().then(Boolean),
    true,
    "a body that does not fit is refused",
  );
  complaints.forget(/status of 422/);
  await card.getByLabel("cents").fill("4900");
  await card.getByRole("button", { name: "Send paid" }).click();
  await page
    .getByRole("region", { name: "Sleeps" })
    .getByText(/in \d s|due now/)
    .waitFor();
  await card.waitFor({ state: "detached" });
  await page.locator("header [data-status=completed]").waitFor();
  await page.getByText('signal paid came {"cents":4900}').waitFor();
  const run = await api.get(`/api/runs/${runId}`);
  await expect(async () => run.result.paid_cents, 4900, "the node got the signal");
  return "refused once, then taken";
}
