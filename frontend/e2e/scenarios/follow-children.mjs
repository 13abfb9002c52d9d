/** A run starts others: their links stand in its head with how they are, and lead there and back. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function followChildren({ page, api }) {
  const runId = await api.createRun({
    name: "two towns",
    workflow: "survey",
    payload: { towns: ["Ulm", "Jena"] },
  });
  await page.goto(`${api.url}/runs/${runId}`);
  const ulm = page.locator("header").getByRole("link", { name: /measure Ulm/ });
  await ulm.waitFor();
  await page.locator("header h1 + [role=status] [data-status=completed]").waitFor();
  await ulm.locator("[data-status=completed]").waitFor();
  await page
    .getByText(/started a run of measure-town/)
    .first()
    .waitFor();
  await ulm.click();
  await page.getByRole("heading", { name: "measure Ulm" }).waitFor();
  await page
    .locator("header")
    .getByRole("link", { name: /two towns/ })
    .click();
  await page.getByRole("heading", { name: "two towns" }).waitFor();
  return "there and back";
}
