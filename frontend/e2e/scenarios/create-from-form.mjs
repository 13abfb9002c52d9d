/** A run is made with the keyboard in the form; a wrong input is told at its field; its lines arrive by themselves. */
import { assertWhole, readConsole } from "../console-reader.mjs";

/** @type {import("../scenario.d.ts").Scenario} */
export async function createFromForm({ page, api, complaints, expect }) {
  await page.goto(`${api.url}/`);
  await page.getByRole("link", { name: "New run" }).click();
  await page.getByRole("heading", { name: "New run" }).waitFor();
  await page.getByLabel("Workflow", { exact: true }).selectOption("text-report");
  await page.getByLabel("Name", { exact: true }).fill("made in the form");
  await page.getByLabel("Tags").fill("e2e, form");

  await page.getByLabel("Input as JSON").fill('{"input": 5}');
  await page.getByRole("button", { name: "Start run" }).click();
  const field = page.getByRole("textbox", { name: "input", exact: true });
  await expect(() => field.getAttribute("aria-invalid"), "true", "the field that is wrong is marked");
  await expect(
    () => page.evaluate(() => document.activeElement?.getAttribute("aria-invalid")),
    "true",
    "and has the focus",
  );
  complaints.forget(/status of 422/);

  await field.fill("Hello world. It runs.");
  const json = JSON.parse(await page.getByLabel("Input as JSON").inputValue());
  await expect(async () => json.input, "Hello world. It runs.", "the JSON beside follows the form");
  await page.getByRole("tab", { name: "curl" }).click();
  await page.getByText("curl -X POST").waitFor();
  await page.getByRole("button", { name: "Start run" }).press("Enter");

  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  const runId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await page.locator("header [data-status=completed]").waitFor();
  const run = await api.get(`/api/runs/${runId}`);
  await expect(
    async () => [run.name, run.payload.input, ...run.tags].join(),
    "made in the form,Hello world. It runs.,e2e,form",
    "the run is what the form said",
  );
  await page.locator("[data-feed=ended]").waitFor();
  assertWhole(await readConsole(page), run.last_seq);
  return `${run.last_seq} events on the console`;
}
