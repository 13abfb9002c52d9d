/** An operator finds a run's actor in the tree, sees where it stands, restarts it, and the run goes on. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function operateActors({ page, api, expect }) {
  const runId = await api.createRun({
    name: "watched",
    workflow: "long-crawl",
    payload: { pause_seconds: 0.5 },
  });
  await api.waitFor(runId, ["running"]);
  await page.goto(`${api.url}/actors`);
  await page.locator("[data-light=green]").waitFor();
  await page.getByRole("region", { name: "Hosts" }).getByText("Fenced writes").first().waitFor();
  await page.getByLabel("Find an actor").fill(runId.slice(-12));
  const tree = page.getByRole("table", { name: "Tree of actors" });
  await tree.getByRole("button", { name: "RunActor" }).first().click();
  const panel = page.getByRole("region", { name: "RunActor" });
  await panel.getByText("Mailbox").waitFor();

  await panel.getByRole("button", { name: "Dump stack" }).click();
  const stack = page.getByRole("region", { name: "Stack", exact: true });
  await stack.waitFor();
  await expect(
    async () => /\S/.test((await stack.textContent()) ?? ""),
    true,
    "the stack says where it stands",
  );

  await panel.getByRole("button", { name: "Restart" }).click();
  await page.getByLabel("Reason (optional)").fill("to see that it comes back");
  await page.getByRole("button", { name: "Restart the actor" }).click();
  await panel.locator("[data-outcome=done]").waitFor();
  const before = (await api.get(`/api/runs/${runId}`)).last_seq;
  await expect(
    async () => (await api.get(`/api/runs/${runId}`)).last_seq > before,
    true,
    "the run goes on with a new actor",
  );
  await api.cancel(runId);
  await api.waitFor(runId, ["cancelled"]);
  return "found, looked into, restarted";
}
