/**
 * The dashboard in a real browser against a real server: `npm run e2e -- [--url URL] [--only name,…] [--list]`.
 * Prints one line a scenario, and why where it fails; ends with 1 when one has failed.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Complaints, launch } from "./browser.mjs";
import { readOptions } from "./options.mjs";
import { accessible } from "./scenarios/accessible.mjs";
import { answerFromInbox } from "./scenarios/answer-from-inbox.mjs";
import { answerInterrupt } from "./scenarios/answer-interrupt.mjs";
import { byKeyboard } from "./scenarios/by-keyboard.mjs";
import { cancelAndDelete } from "./scenarios/cancel-and-delete.mjs";
import { controlRuns } from "./scenarios/control-runs.mjs";
import { createFromForm } from "./scenarios/create-from-form.mjs";
import { cutConnection } from "./scenarios/cut-connection.mjs";
import { downloadArtifact } from "./scenarios/download-artifact.mjs";
import { followChildren } from "./scenarios/follow-children.mjs";
import { forkThread } from "./scenarios/fork-thread.mjs";
import { liveHistory } from "./scenarios/live-history.mjs";
import { migrateHeld } from "./scenarios/migrate-held.mjs";
import { operateActors } from "./scenarios/operate-actors.mjs";
import { sendSignal } from "./scenarios/send-signal.mjs";
import { surviveRestart } from "./scenarios/survive-restart.mjs";
import { useKey } from "./scenarios/use-key.mjs";
import { OwnServer } from "./server.mjs";
import { ServerApi } from "./server-api.mjs";

/** @type {Record<string, import("./scenario.d.ts").Scenario>} */
const SCENARIOS = {
  "create-from-form": createFromForm,
  "live-history": liveHistory,
  "survive-restart": surviveRestart,
  "cut-connection": cutConnection,
  "download-artifact": downloadArtifact,
  "answer-interrupt": answerInterrupt,
  "answer-from-inbox": answerFromInbox,
  "send-signal": sendSignal,
  "follow-children": followChildren,
  "fork-thread": forkThread,
  "migrate-held": migrateHeld,
  "cancel-and-delete": cancelAndDelete,
  "control-runs": controlRuns,
  "operate-actors": operateActors,
  "use-key": useKey,
  "by-keyboard": byKeyboard,
  accessible,
};

const EXPECT_WITHIN_MS = 10_000;

/** @type {import("./scenario.d.ts").Stage["expect"]} */
async function expect(actual, wanted, claim) {
  const until = Date.now() + EXPECT_WITHIN_MS;
  for (;;) {
    const value = await actual();
    if (value === wanted) return;
    if (Date.now() > until)
      throw new Error(`Not so: ${claim}. Wanted ${JSON.stringify(wanted)}, seen ${JSON.stringify(value)}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const PATIENCE_MS = 60_000; // for what a page shows in a moment, on a machine that is busy

/**
 * @param {string} name
 * @param {import("playwright-core").Browser} browser
 * @param {OwnServer | null} server
 * @param {string} url
 * @param {string | undefined} out
 */
async function play(name, browser, server, url, out) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints = new Complaints();
  complaints.listenTo(page);
  const startedAt = performance.now();
  try {
    const said = await SCENARIOS[name]?.({
      browser,
      page,
      api: new ServerApi(url),
      server,
      complaints,
      expect,
    });
    complaints.check();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`ok    ${name.padEnd(20)} ${seconds.padStart(5)} s  ${said ?? ""}`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}`);
    if (out) {
      mkdirSync(out, { recursive: true });
      await page.screenshot({ path: join(out, `${name}.png`) }).catch(() => {});
    }
    return false;
  } finally {
    await context.close();
  }
}

const options = readOptions();
if (options.list) {
  console.log(Object.keys(SCENARIOS).join("\n"));
  process.exit(0);
}
const names = options.only.length > 0 ? options.only : Object.keys(SCENARIOS);
const unknown = names.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  console.error(
    `There is no scenario ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}.`,
  );
  process.exit(2);
}
const server = options.url ? null : await OwnServer.start();
const browser = await launch();
let failed = 0;
try {
  for (const name of names) {
    if (!(await play(name, browser, server, options.url ?? server?.url ?? "", options.out))) failed += 1;
  }
} finally {
  await browser.close();
  await server?.stop();
}
console.log(
  failed === 0 ? `${names.length} scenarios passed` : `${failed} of ${names.length} scenarios failed`,
);
process.exit(failed === 0 ? 0 : 1);
