/** Questions of several runs stand in the inbox, new ones come by themselves, and each is answered there. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function answerFromInbox({ page, api, expect }) {
  const order = { product: "desk", quantity: 3 };
  const first = await api.createRun({ name: "inbox first", workflow: "approve-order", payload: order });
  const nested = await api.createRun({ name: "inbox nested", workflow: "edited-article", payload: {} });
  await api.waitFor(first, ["interrupted"]);
  await api.waitFor(nested, ["interrupted"]);
  await page.goto(`${api.url}/runs`);
  await page.getByRole("link", { name: /^Inbox/ }).click();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  const item = (/** @type {string} */ name) => page.getByRole("listitem").filter({ hasText: name });
  await item("inbox first").waitFor();
  await item("inbox nested").getByRole("heading", { name: "editing asks" }).waitFor();

  const late = await api.createRun({ name: "inbox late", workflow: "approve-order", payload: order });
  await item("inbox late").waitFor();
  const names = await page.getByRole("listitem").locator("a").first().textContent();
  await expect(async () => names !== "inbox late", true, "the oldest question stands first");

  await item("inbox late").getByLabel("note", { exact: true }).fill("kept while others go");
  await item("inbox nested").getByRole("button", { name: "Yes" }).press("Enter");
  await item("inbox nested").waitFor({ state: "detached" });
  await expect(
    () => page.evaluate(() => document.activeElement?.getAttribute("role") ?? ""),
    "status",
    "the keyboard stays in the page",
  );
  await expect(
    () => item("inbox late").getByLabel("note", { exact: true }).inputValue(),
    "kept while others go",
    "what is typed elsewhere stays",
  );
  await item("inbox first").getByLabel("decision").selectOption("reject");
  await item("inbox first").getByRole("button", { name: "Send answer" }).click();
  await item("inbox first").waitFor({ state: "detached" });
  const done = await api.waitFor(first, ["completed"]);
  await expect(async () => done.result.outcome, "rejected", "the node got the answer");
  await api.waitFor(nested, ["completed"]);

  await api.cancel(late);
  await item("inbox late").waitFor({ state: "detached" });
  return "two answered, one gone with its run";
}
