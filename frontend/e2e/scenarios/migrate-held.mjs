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
export async function migrateHeld({ page, api, server, complaints }) {
  if (!server) return "left out: the server is not ours";
  const file = join(server.folder, "changing.py");
  complaints.isServerAway = true;
  writeFileSync(file, flow("review"));
  await server.kill();
  server.targets.push(file);
  await server.up();
  await api.waitForNode("changing", "review");
  const runId = await api.createRun({ name: "under way", workflow: "changing", payload: {} });
  await api.waitFor(runId, ["waiting"]);
  await server.kill();
  writeFileSync(file, flow("check"));
  await server.up();
  await api.waitForNode("changing", "check");
  complaints.isServerAway = false;

  await page.goto(`${api.url}/workflows?name=changing`);
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByText("would be held").first().waitFor();
  await versions.getByRole("link").first().click();

  // A run that waits is nobody's; a host looks at it when what it waits for has come.
  const signal = page.getByRole("region", { name: "review waits for the signal go" });
  await signal.getByRole("button", { name: "Send go" }).click();
  const card = page.getByRole("region", { name: /Held/ });
  await card.getByText("has no node 'review' any more").first().waitFor();
  await card.getByText(`--run ${runId} --node review=NEW_NODE`).waitFor();
  await card.getByRole("button", { name: "Migrate to the newest version" }).click();
  await card.getByRole("alert").getByText("Say what takes its place").waitFor();
  await card.getByLabel("In place of the node review").selectOption("check");
  await card.getByRole("button", { name: "Migrate to the newest version" }).click();
  await page.locator("header [data-status=completed]").waitFor({ timeout: 90_000 });
  await page.getByText(/goes on with version .* review → check/).waitFor();
  return "refused, then moved";
}
