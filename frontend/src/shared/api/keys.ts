/** The keys of the query cache in one place: feeds write under the same keys that pages read. */
export interface RunFilters {
  status?: string | undefined;
  workflow?: string | undefined;
  name?: string | undefined;
  tag?: string | undefined;
}

export const keys = {
  runs: (filters?: RunFilters) => (filters ? (["runs", filters] as const) : (["runs"] as const)),
  run: (runId: string) => ["run", runId] as const,
  runState: (runId: string) => ["run", runId, "state"] as const,
  runArtifacts: (runId: string) => ["run", runId, "artifacts"] as const,
  checkpoints: (runId: string) => ["run", runId, "checkpoints"] as const,
  artifacts: () => ["artifacts"] as const,
  artifactText: (artifactId: string) => ["artifact-text", artifactId] as const,
  workflows: () => ["workflows"] as const,
  workflow: (name: string) => ["workflows", name] as const,
  health: () => ["health"] as const,
};
