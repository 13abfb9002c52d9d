/** The rules of the house, kept by a test: imports go down only, files stay small, names are kebab-case. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = dirname(fileURLToPath(import.meta.url));
const MAX_LINES = 200;
/** Generated, or the strings that more than one page shows. */
const LONG_BY_NATURE = new Set(["shared/api/schema.gen.ts", "shared/text.ts"]);

interface Source {
  path: string;
  text: string;
}

const sources: Source[] = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name);
    return { path: relative(SRC, file), text: readFileSync(file, "utf8") };
  });

/** `features/runs/run-row.tsx` belongs to `features/runs`, `shared/time.ts` to `shared`. */
function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "features" ? `${top}/${second}` : top;
}

function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']((?:@\/|\.{1,2}\/)[^"']+)["']/g)].map(
    ([, target = ""]) => (target.startsWith("@/") ? target.slice(2) : join(dirname(path), target)),
  );
}

const MAY_IMPORT: Record<string, (room: string, from: string) => boolean> = {
  app: () => true,
  features: (room, from) => room === from || room === "shared",
  shared: (room) => room === "shared",
};

describe("the house", () => {
  it("imports downwards only, and no feature from another", () => {
    const wrong = sources.flatMap((source) => {
      const from = roomOf(source.path);
      const rule = MAY_IMPORT[from.split("/")[0] ?? ""];
      if (!rule) return [];
      return importsOf(source)
        .filter((target) => !target.startsWith("styles/") && !rule(roomOf(target), from))
        .map((target) => `${source.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("keeps each file to one idea", () => {
    const long = sources
      .filter(({ path, text }) => !LONG_BY_NATURE.has(path) && text.split("\n").length > MAX_LINES)
      .filter(({ path }) => !path.includes(".test."))
      .map(({ path, text }) => `${path}: ${text.split("\n").length} lines`);
    expect(long).toEqual([]);
  });

  it("exports one component a file", () => {
    const several = sources
      .filter(({ path }) => path.endsWith(".tsx") && !path.includes(".test."))
      .filter(
        ({ text }) =>
          (text.match(/^export (?:default )?(?:function|const) [A-Z]\w*[a-z]\w*\b/gm) ?? []).length > 2,
      )
      .map(({ path }) => path);
    expect(several).toEqual([]);
  });

  it("has no drawer modules and no barrels", () => {
    const named = sources.filter(({ path }) => /(^|\/)(index|utils|helpers|common|misc)\.tsx?$/.test(path));
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  it("never puts text into the page as HTML", () => {
    const raw = sources.filter(
      ({ path, text }) => !path.includes(".test.") && /dangerouslySetInnerHTML|innerHTML\s*=/.test(text),
    );
    expect(raw.map(({ path }) => path)).toEqual([]);
  });

  it("names colours by meaning only", () => {
    const palette =
      /\b(?:bg|text|border|ring|fill|stroke)-(?:red|green|blue|gray|slate|zinc|amber|yellow|teal|white|black)\b/;
    const named = sources.filter(({ path, text }) => path.endsWith(".tsx") && palette.test(text));
    expect(named.map(({ path }) => path)).toEqual([]);
  });
});
