/** From a run to its thread: an older checkpoint is changed by hand, and the run goes on from there as a branch. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function forkThread({ page, api, expect }) {
  const payload = { product: "book", quantity: 1, customer: "Ada" };
  const runId = await api.createRun({ name: "one book", workflow: "approve-order", payload });
  const run = await api.waitFor(runId, ["completed"]);
  await page.goto(`${api.url}/runs/${runId}`);
  await page.getByRole("link", { name: `Thread …${run.thread_id.slice(-8)}` }).click();
  const history = page.getByRole("list", { name: "History" });
  await history.getByText("next charge").click();
  await page.getByRole("button", { name: "Fork from here" }).click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  await page.locator("header [data-status=completed]").waitFor();

  await page.goto(`${api.url}/threads/${run.thread_id}`);
  await history.getByText("2 branches").waitFor();
  await history.getByText("next charge").last().click();
  await page.getByRole("button", { name: "Change state" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("As the node").selectOption("approve");
  await dialog.getByLabel("Values as JSON").fill('{"customer": "Grace", "total_cents": 5}');
  await dialog.getByRole("button", { name: "Change state" }).click();
  await dialog.waitFor({ state: "detached" });
  await history.getByText("changed by hand").waitFor();
  const state = page.getByRole("region", { name: "State" });
  await state.getByText('"Grace"').waitFor();
  const changed = await api.get(`/api/threads/${run.thread_id}/state`);
  await expect(async () => changed.values.customer, "Grace", "the thread stands at the changed state");
  return `${(await api.get(`/api/threads/${run.thread_id}/history`)).length} checkpoints`;
}
