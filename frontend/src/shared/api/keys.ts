/** The keys of the query cache in one place: feeds write under the same keys that pages read. */
export interface RunFilters {
  status?: string | undefined;
  workflow?: string | undefined;
  name?: string | undefined;
  tag?: string | undefined;
  /** Only runs that this one has started. */
  parent?: string | undefined;
  thread_id?: string | undefined;
}

export const keys = {
  runs: (filters?: RunFilters) => (filters ? (["runs", filters] as const) : (["runs"] as const)),
  run: (runId: string) => ["run", runId] as const,
  runState: (runId: string) => ["run", runId, "state"] as const,
  runArtifacts: (runId: string) => ["run", runId, "artifacts"] as const,
  runWaits: (runId: string) => ["run", runId, "waits"] as const,
  inbox: () => ["inbox"] as const,
  thread: (threadId: string) => ["thread", threadId] as const,
  threadHistory: (threadId: string) => ["thread", threadId, "history"] as const,
  threadState: (threadId: string, checkpointId: string) =>
    ["thread", threadId, "state", checkpointId] as const,
  artifacts: () => ["artifacts"] as const,
  artifactText: (artifactId: string) => ["artifact-text", artifactId] as const,
  workflows: () => ["workflows"] as const,
  workflow: (name: string) => ["workflows", name] as const,
  versions: (name: string) => ["workflows", name, "versions"] as const,
  versionCheck: (name: string, graphHash: string) => ["workflows", name, "check", graphHash] as const,
  health: () => ["health"] as const,
  caller: () => ["caller"] as const,
  apiKeys: () => ["api-keys"] as const,
  audit: () => ["audit"] as const,
  actors: () => ["actors"] as const,
  actor: (actorId: string) => ["actors", actorId] as const,
  hosts: () => ["hosts"] as const,
  stuck: () => ["stuck"] as const,
  artifactLink: (artifactId: string) => ["artifact-link", artifactId] as const,
};
