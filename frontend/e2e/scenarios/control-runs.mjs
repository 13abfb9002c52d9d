/** Runs, a workflow and the whole server are paused and let go on; a run is terminated, retried with another state, forked and discarded. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function controlRuns({ page, api, expect }) {
  const crawl = await api.createRun({
    name: "to be paused",
    workflow: "long-crawl",
    payload: { pause_seconds: 0.2 },
  });
  await page.goto(`${api.url}/runs/${crawl}`);
  await page.locator("header [data-status=running]").waitFor();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.locator("header [data-status=paused]").waitFor();
  await page.getByRole("button", { name: "Unpause", exact: true }).click();
  await page.locator("header [data-status=running]").waitFor();

  await page.goto(`${api.url}/runs`);
  await page.getByRole("button", { name: "Actions for to be paused" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Escape");
  await expect(() => page.getByRole("menuitem").count(), 0, "Escape closes the menu");
  await page.getByRole("button", { name: "Actions for to be paused" }).click();
  await page.getByRole("menuitem", { name: "Terminate" }).click();
  await page.getByLabel("Reason (optional)").fill("enough of it");
  await page.getByRole("button", { name: "Terminate the run" }).click();
  const ended = await api.waitFor(crawl, ["cancelled"]);
  await expect(async () => ended.error.type, "Terminated", "it was ended at once");

  const failed = await api.createRun({
    name: "too many",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 40 },
  });
  await api.waitFor(failed, ["failed"]);
  await page.goto(`${api.url}/runs/${failed}`);
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  await page.getByText("Change the state first").click();
  await page.getByLabel("Change as JSON").fill('{"quantity": 2}');
  await page.getByRole("button", { name: "Change the state and retry" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/runs/") && !url.pathname.endsWith(failed));
  await page.locator("header [data-status=interrupted]").waitFor();
  await page.getByText("Retry of").waitFor();
  const retried = page.url();

  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Fork" }).click();
  await page.getByRole("button", { name: "Fork the run" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/runs/") && url.href !== retried);

  const lost = await api.createRun({
    name: "given up",
    workflow: "approve-order",
    payload: { product: "desk", quantity: 40 },
  });
  await api.waitFor(lost, ["failed"]);
  await page.goto(`${api.url}/runs/${lost}`);
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Discard" }).click();
  await page.getByRole("button", { name: "Discard the run" }).click();
  await expect(() => page.getByRole("dialog").count(), 0, "it was discarded");
  await expect(
    async () => (await api.get(`/api/runs/${lost}`)).settled_at !== null,
    true,
    "somebody has seen to it",
  );

  await page.goto(`${api.url}/workflows?name=survey`);
  await page.getByRole("button", { name: "Pause survey" }).click();
  await page.getByRole("button", { name: "Unpause survey" }).click();
  await page.getByRole("button", { name: "Pause survey" }).waitFor();

  await page.goto(`${api.url}/actors`);
  await page.getByRole("button", { name: "Pause the server" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause the server" }).click();
  const banner = page.getByRole("region", { name: "The whole server is paused" });
  await banner.getByRole("button", { name: "Unpause the server" }).click();
  await expect(() => banner.count(), 0, "the server goes on");

  await page.goto(`${api.url}/access`);
  const audit = page.getByRole("list", { name: "Audit log" });
  await audit.getByText("enough of it").waitFor();
  return "paused, terminated, retried, forked, discarded, all in the audit log";
}
