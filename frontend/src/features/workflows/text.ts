/** What the page of workflows says. */
import { plural } from "@/shared/text";

export const workflowsText = {
  title: "Workflows",
  none: "No workflow is published",
  noneWhy: "A host publishes what it has loaded. Start one:",
  run: "Run",
  runThis: (name: string) => `Run ${name}`,
  default: "default",
  hosts: (count: number) => (count === 0 ? "no living host" : `on ${plural(count, "host")}`),
  version: "Version",
  schema: "Input schema",
  nodes: (count: number) => plural(count, "node"),
  runsOf: "Its runs",
  versions: "Versions",
  newest: "newest",
  published: "published",
  checkOf: (hash: string) => `If ${hash} were all there is`,
  choose: (hash: string) => `Check version ${hash}`,
  allSame: "Every run that has begun stands on this version.",
  breaking: (breaking: number, all: number) =>
    breaking === 0
      ? `${plural(all, "run")} on other versions, and all would go on`
      : `${breaking.toLocaleString("en")} of ${plural(all, "run")} on other versions would be held`,
  breaks: "would be held",
  fits: "fits",
  runsNamed: "Runs on other versions",
  more: (count: number) => `and ${count.toLocaleString("en")} more`,
  migrate: (count: number) => `Migrate ${plural(count, "run")}`,
  migrateWhy:
    "Runs that fit go on with this version. To say what takes the place of what is gone, open the run.",
  migrated: (count: number) => (count === 0 ? "No run was migrated." : `${plural(count, "run")} migrated.`),
  refused: (count: number) => `${plural(count, "run")} refused:`,
} as const;
