/**
 * A FastGraph Server of its own for the browser tests: an empty data folder, a free port, killed without warning and
 * started again as often as a scenario asks for it.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_WITHIN_MS = 120_000;
const PATH = [join(ROOT, ".venv", "bin"), process.env.PATH].join(delimiter);
// The first one is the default workflow.
const EXAMPLES = ["text_report", "approve_order", "long_crawl", "await_payment", "survey"];

export class OwnServer {
  /** @type {import("node:child_process").ChildProcess | null} */
  #process = null;
  #output = "";

  /** @param {number} port @param {string} folder */
  constructor(port, folder) {
    /** Files of workflows; a scenario may add one before it starts the server again. */
    this.targets = [
      ...EXAMPLES.map((name) => join(ROOT, "examples", `${name}.py`)),
      ...(canTrain() ? [join(ROOT, "examples", "train_model.py")] : []),
      join(ROOT, "frontend", "e2e", "edited_article.py"),
    ];
    /** More variables of the server, for a scenario that wants them. @type {Record<string, string>} */
    this.settings = {};
    /** What the server's own account is asked with, where it wants a key. @type {Record<string, string>} */
    this.headers = {};
    this.port = port;
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start() {
    const server = new OwnServer(await freePort(), mkdtempSync(join(tmpdir(), "fastgraph-e2e-")));
    try {
      await server.up();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async up() {
    const command = process.env.FASTGRAPH_COMMAND ?? "fastgraph";
    const place = ["--port", String(this.port), "--data-dir", join(this.folder, "data")];
    const args = ["serve", ...this.targets, ...place];
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, PATH, ...this.settings },
      detached: true,
    });
    child.stdout.on("data", (chunk) => this.#keep(chunk));
    child.stderr.on("data", (chunk) => this.#keep(chunk));
    child.on("error", (error) => this.#keep(`${command} can't be started: ${error.message}\n`));
    this.#process = child;
    await this.#ready();
  }

  /** As a power cut would: the server and its hosts at once, nothing told, nothing saved. */
  async kill() {
    const health = await this.#health().then((answer) => answer.json());
    const hosts = health.hosts.filter((/** @type {{is_alive: boolean}} */ host) => host.is_alive);
    const pids = [this.#process?.pid, ...hosts.map((/** @type {{pid: number}} */ host) => host.pid)];
    const gone = new Promise((resolve) => this.#process?.once("exit", resolve));
    for (const pid of pids) if (pid) killQuietly(pid, "SIGKILL");
    await gone;
    this.#process = null;
  }

  async stop() {
    const child = this.#process;
    if (child?.pid && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      killQuietly(child.pid, "SIGTERM");
      const timer = setTimeout(() => child.pid && killQuietly(-child.pid, "SIGKILL"), 15_000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #ready() {
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      if (this.#process?.exitCode !== null && this.#process?.exitCode !== undefined) break;
      const answer = await this.#health().catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`The server did not become ready at ${this.url}. Its last words:\n${this.#output}`);
  }

  #health() {
    return fetch(`${this.url}/api/monitoring/health`, { headers: this.headers });
  }

  /** @param {Buffer | string} chunk */
  #keep(chunk) {
    this.#output = (this.#output + String(chunk)).slice(-4_000);
  }
}

/** One example needs a package that not everybody has installed. */
function canTrain() {
  const env = { ...process.env, PATH };
  return spawnSync("python", ["-c", "import sklearn"], { env, stdio: "ignore" }).status === 0;
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function killQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
