/**
 * Holds the bars of the build: what the first page loads, each lazy chunk, and the whole, gzipped.
 * Run by `npm run check` over a fresh build; the first number over its bar fails it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const KB = 1000;
const BARS = { firstJs: 170 * KB, css: 15 * KB, lazyChunk: 90 * KB, whole: 600 * KB };

const folder = process.argv[2] ?? "dist";
const assets = join(folder, "assets");
const html = readFileSync(join(folder, "index.html"), "utf8");

const sizes = new Map(
  readdirSync(assets).map((name) => [name, gzipSync(readFileSync(join(assets, name))).length]),
);
const sizeOf = (/** @type {string} */ name) => sizes.get(name) ?? 0;
const sum = (/** @type {Iterable<string>} */ names) =>
  [...names].reduce((total, name) => total + sizeOf(name), 0);

/** What index.html names, and what those files import before they run. */
function firstLoad() {
  const first = new Set([...html.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)].map((match) => match[1] ?? ""));
  for (const name of first) {
    if (!name.endsWith(".js")) continue;
    const source = readFileSync(join(assets, name), "utf8");
    for (const match of source.matchAll(
      /(?:^|[;}\s])import\s*(?:[\w{}$,*\s]+from\s*)?["']\.\/([\w.-]+\.js)["']/g,
    )) {
      first.add(match[1] ?? "");
    }
  }
  return first;
}

const first = firstLoad();
const isJs = (/** @type {string} */ name) => name.endsWith(".js");
const rows = [
  ["first page, JS", sum([...first].filter(isJs)), BARS.firstJs],
  ["first page, CSS", sum([...first].filter((name) => name.endsWith(".css"))), BARS.css],
  .../** @type {[string, number, number][]} */ (
    [...sizes.keys()]
      .filter((name) => isJs(name) && !first.has(name))
      .map((name) => [`lazy ${name}`, sizeOf(name), BARS.lazyChunk])
  ),
  ["everything", sum(sizes.keys()), BARS.whole],
];

let isOver = false;
for (const [name, size, bar] of /** @type {[string, number, number][]} */ (rows)) {
  const fails = size > bar;
  isOver ||= fails;
  console.log(`${fails ? "OVER" : "  ok"}  ${(size / KB).toFixed(1).padStart(7)} kB of ${bar / KB}  ${name}`);
}
if (first.size === 0) throw new Error(`${folder}/index.html names no script: build it first.`);
process.exit(isOver ? 1 : 0);
