import { api } from "./client";
import { unwrap } from "./problem";
import type { MigrationAnswer } from "./types";

export interface Migration {
  graph_hash?: string;
  run_ids?: string[];
  nodes?: Record<string, string | null>;
  keys?: Record<string, string | null>;
}

/** Lets runs go on with another version, the newest one where none is named; what is refused stays as it is. */
export function migrateRuns(workflow: string, migration: Migration): Promise<MigrationAnswer> {
  const body = { nodes: {}, keys: {}, ...migration };
  return unwrap(api.POST("/api/workflows/{name}/migrate", { params: { path: { name: workflow } }, body }));
}
