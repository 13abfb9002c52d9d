/** The whole way without a mouse: from the skip link to a new run, its tabs and the lines of its console. */

/** @type {import("../scenario.d.ts").Scenario} */
export async function byKeyboard({ page, api, expect }) {
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  await page.goto(`${api.url}/runs`);
  await page.locator("h1").waitFor();
  await page.keyboard.press("Tab");
  await expect(focused, "Skip to content", "the first stop is the skip link");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(focused, "New run", "behind it the page begins");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New run" }).waitFor();

  await page.getByRole("textbox", { name: "input", exact: true }).focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("By keyboard.");
  await page.getByRole("tab", { name: "JSON" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(focused, "curl", "arrows go from tab to tab");
  await page.getByRole("button", { name: "Start run" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  await page.locator("[data-feed=ended]").waitFor();

  await page.getByRole("log", { name: "Console" }).focus();
  for (const key of ["ArrowUp", "ArrowUp", "ArrowDown"]) await page.keyboard.press(key);
  await page.getByRole("region", { name: "Line" }).getByText("completed").first().waitFor();
  const line = new URL(page.url()).searchParams.get("line");
  const last = (await api.events(new URL(page.url()).pathname.split("/").at(-1) ?? "")).at(-1);
  await expect(async () => line, String(last?.seq), "the chosen line is in the address");
  return `line ${line} chosen`;
}
