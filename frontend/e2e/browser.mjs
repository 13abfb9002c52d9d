/** A Chromium for the scripts, and pages that remember every word on their console. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// What a server that is away makes browsers print; nothing of ours can keep them from it.
const EXPECTED_WHILE_AWAY = [
  /WebSocket connection to .* failed/,
  /net::ERR_CONNECTION_/,
  /net::ERR_EMPTY_RESPONSE/,
];

export function launch() {
  const executablePath = process.env.CHROMIUM ?? CANDIDATES.find(existsSync);
  if (!executablePath)
    throw new Error("There is no Chromium here. Install it, or name one in the variable CHROMIUM.");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

export class Complaints {
  /** @type {string[]} */
  #words = [];
  isServerAway = false;

  /** @param {import("playwright-core").Page} page */
  listenTo(page) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        this.#add(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#add(`uncaught: ${error.message}`));
  }

  /** @param {string} words */
  #add(words) {
    if (this.isServerAway && EXPECTED_WHILE_AWAY.some((pattern) => pattern.test(words))) return;
    this.#words.push(words);
  }

  /** Fails where a page has complained since the last time. */
  check() {
    const words = this.#words.splice(0);
    if (words.length > 0) throw new Error(`The page's console is not empty:\n  ${words.join("\n  ")}`);
  }

  /** Answers of 4xx that a scenario provokes are printed by the browser as errors. @param {RegExp} pattern */
  forget(pattern) {
    this.#words = this.#words.filter((words) => !pattern.test(words));
  }
}
