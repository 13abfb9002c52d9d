/** Reads all lines of a run's console, as a person would who scrolls through it: the numbers of the events they show. */

const LINE_HEIGHT = 20;

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<{from: number, to: number, event: string}[]>}
 */
export async function readConsole(page) {
  const follow = page.getByRole("button", { name: "Follow" });
  if ((await follow.getAttribute("aria-pressed")) === "true") await follow.click();
  const log = page.getByRole("log", { name: "Console" });
  /** @type {Map<string, {from: number, to: number, event: string}>} */
  const lines = new Map();
  for (let top = 0; ; ) {
    const seen = await log.evaluate(async (element, to) => {
      element.scrollTop = to;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const rows = [...element.querySelectorAll("[data-seq]")].map((row) => ({
        from: Number(row.getAttribute("data-seq-from")),
        to: Number(row.getAttribute("data-seq")),
        event: row.getAttribute("data-event") ?? "",
      }));
      return { rows, height: element.clientHeight, total: element.scrollHeight };
    }, top);
    for (const row of seen.rows) lines.set(`${row.from}-${row.to}-${row.event}`, row);
    if (top + seen.height >= seen.total) break;
    top += Math.max(LINE_HEIGHT, seen.height - 2 * LINE_HEIGHT);
  }
  return [...lines.values()].filter((line) => line.event !== "backfill").sort((a, b) => a.from - b.from);
}

/** Fails unless the lines show each number from 1 to `last` once. @param {{from: number, to: number}[]} lines @param {number} last */
export function assertWhole(lines, last) {
  let expected = 1;
  for (const { from, to } of lines) {
    if (from > expected) throw new Error(`The console has a hole: ${expected} to ${from - 1} are missing.`);
    if (from < expected) throw new Error(`The console shows ${from} twice.`);
    expected = to + 1;
  }
  if (expected !== last + 1) throw new Error(`The console ends at ${expected - 1}, the run at ${last}.`);
}
