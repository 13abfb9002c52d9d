/** A workflow changes under a run: the page says why it is held, refuses a move that does not fit, and makes one that does. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** @param {string} node */
const flow = (node) => `
from typing import Any, TypedDict
from fastgraph import END, START, StateGraph, wait_for_signal

class State(TypedDict, total=False):
    said: Any

def ${node}(state: State) -> dict[str, Any]:
    return {"said": wait_for_signal("go")}

builder = StateGraph(State)
builder.add_node(${node})
builder.add_edge(START, "${node}")
builder.add_edge("${node}", END)
graph = builder.compile(name="changing")
`;

/** @type {import("../scenario.d.ts").Scenario} */
export async function migrateHeld({ page, api, server, complaints, expect }) {
  if (!server) return "left out: the server is not ours";
  const file = join(server.folder, "changing.py");
  complaints.isServerAway = true;
  writeFileSync(file, flow("review"));
  await server.kill();
  server.targets.push(file);
  await server.up();
  await published(api, expect, "review");
  const runId = await api.createRun({ name: "under way", workflow: "changing", payload: {} });
  await api.waitFor(runId, ["waiting"]);
  await server.kill();
  writeFileSync(file, flow("check"));
  await server.up();
  await published(api, expect, "check");
  complaints.isServerAway = false;

  await page.goto(`${api.url}/workflows?name=changing`);
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByText("would be held").first().waitFor({ timeout: 30_000 });
  await versions.getByRole("link").first().click();

  const card = page.getByRole("region", { name: /Held/ });
  await card.getByText("has no node 'review' any more").first().waitFor({ timeout: 30_000 });
  await card.getByText(`--run ${runId} --node review=NEW_NODE`).waitFor();
  await card.getByRole("button", { name: "Migrate to the newest version" }).click();
  await card.getByRole("alert").getByText("Say what takes its place").waitFor();
  await card.getByLabel("In place of the node review").selectOption("check");
  await card.getByRole("button", { name: "Migrate to the newest version" }).click();
  const signal = page.getByRole("region", { name: "check waits for the signal go" });
  await signal.getByRole("button", { name: "Send go" }).click({ timeout: 20_000 });
  await page.locator("header [data-status=completed]").waitFor({ timeout: 15_000 });
  return "refused, then moved";
}

/**
 * A server answers before its hosts have published what they have loaded.
 * @param {import("../scenario.d.ts").Stage["api"]} api
 * @param {import("../scenario.d.ts").Stage["expect"]} expect
 * @param {string} node
 */
async function published(api, expect, node) {
  const newest = async () => {
    const all = await api.get("/api/workflows");
    const found = all.find((/** @type {{name: string}} */ { name }) => name === "changing");
    return found?.graph.nodes.some((/** @type {{id: string}} */ { id }) => id === node) ?? false;
  };
  await expect(newest, true, `a host has published the workflow with the node ${node}`);
}
