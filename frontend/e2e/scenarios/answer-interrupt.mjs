/** A run asks a person; the answer is given in the form of its response schema, and the run goes on. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function answerInterrupt({ page, api, expect }) {
  const payload = { product: "desk", quantity: 3, customer: "Ada" };
  const runId = await api.createRun({ name: "asks", workflow: "approve-order", payload });
  await page.goto(`${api.url}/runs/${runId}`);
  await page.locator("header [data-status=interrupted]").waitFor();
  const card = page.getByRole("region", { name: "approve asks" });
  await card.getByLabel("decision").selectOption("approve");
  await card.getByLabel("note", { exact: true }).fill("from the browser");
  await card.getByRole("button", { name: "Send answer" }).click();
  await page.locator("header [data-status=completed]").waitFor();
  await card.waitFor({ state: "detached" });
  const run = await api.get(`/api/runs/${runId}`);
  await expect(async () => run.result.decision.note, "from the browser", "the node got the answer");
  return "the run went on with the answer";
}
