/** The server's own account, to compare with what a page shows. */

export class ServerApi {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** @param {string} path */
  async get(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** @param {Record<string, unknown>} body @returns {Promise<string>} */
  async createRun(body) {
    const answer = await fetch(`${this.url}/api/runs/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "from the test", ...body }),
    });
    if (!answer.ok) throw new Error(`POST /api/runs/ answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()).run_id;
  }

  /** @param {string} runId */
  async cancel(runId) {
    const answer = await fetch(`${this.url}/api/runs/${runId}/cancel`, { method: "POST" });
    if (!answer.ok) throw new Error(`Cancelling ${runId} answered ${answer.status}: ${await answer.text()}`);
  }

  /** @param {string} runId @param {string[]} statuses @param {number} withinMs */
  async waitFor(runId, statuses, withinMs = 60_000) {
    const until = Date.now() + withinMs;
    for (;;) {
      const run = await this.get(`/api/runs/${runId}`);
      if (statuses.includes(run.status)) return run;
      if (Date.now() > until)
        throw new Error(`Run ${runId} is ${run.status}, and not ${statuses.join(" or ")} in time.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A server answers before its hosts have published what they load. @param {string} workflow @param {string} node */
  async waitForNode(workflow, node, withinMs = 60_000) {
    const until = Date.now() + withinMs;
    for (;;) {
      const all = await this.get("/api/workflows");
      const found = all.find((/** @type {{name: string}} */ { name }) => name === workflow);
      if (found?.graph.nodes.some((/** @type {{id: string}} */ { id }) => id === node)) return;
      if (Date.now() > until) throw new Error(`No host has published ${workflow} with ${node} in time.`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** @param {string} runId @returns {Promise<{seq: number, event: string}[]>} */
  async events(runId) {
    const all = [];
    for (;;) {
      const page = await this.get(`/api/runs/${runId}/events?after=${all.at(-1)?.seq ?? 0}&limit=1000`);
      if (page.length === 0) return all;
      all.push(...page);
    }
  }
}
