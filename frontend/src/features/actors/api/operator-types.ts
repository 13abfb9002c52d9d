/** What operators read, as the server's schemas say it. */
export interface Actor {
  id: string;
  key: string;
  kind: string;
  run_id: string | null;
  host: string | null;
  state: string;
  mailbox_depth: number;
  mailbox_capacity: number | null;
  high_water: number | null;
  refused: number | null;
  oldest_seconds: number | null;
  current_message: string | null;
  current_seconds: number | null;
  processed: number | null;
  rate_per_second: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  generation: number | null;
  epoch: number | null;
  restarts: number;
  restarts_in_window: number | null;
  next_restart_seconds: number | null;
  last_error: string | null;
  last_error_at: string | null;
  last_checkpoint: { number: number; age_seconds: number | null } | null;
  lease_left_seconds: number | null;
  place: string | null;
  is_full: boolean;
  reported_at: string | null;
  child_count: number;
  children: Actor[];
}

export interface HostFigures {
  loop_lag_seconds: number | null;
  loop_lag_max_seconds: number | null;
  rss_bytes: number | null;
  descriptors: number | null;
  threads: number | null;
  busy_threads: number | null;
  abandoned_threads: number | null;
  task_processes: number | null;
  blocked_loops: number | null;
  wal_bytes: number | null;
  pool_in_use: number | null;
  fenced_writes: number | null;
  claims: number | null;
  recoveries: number | null;
  dead_letters: number | null;
  running_tasks: number | null;
  is_draining: boolean;
  is_listening: boolean | null;
}

export interface Host {
  boot_id: string;
  pid: number;
  address: string;
  version: string;
  started_at: string;
  renewed_at: string;
  ended_at: string | null;
  ended_reason: string | null;
  is_alive: boolean;
  lease_left_seconds: number | null;
  active_runs: number;
  figures: HostFigures;
}

export interface HostCommand {
  command_id: string;
  boot_id: string;
  kind: string;
  subject: string;
  outcome: "pending" | "done" | "refused" | "lost";
  answer: string | null;
}

export interface StuckThing {
  kind: string;
  run_id: string | null;
  workflow: string | null;
  host: string | null;
  since: string | null;
  reason: string;
  command: string;
}

export interface Stuck {
  is_red: boolean;
  counts: Record<string, number>;
  things: StuckThing[];
}
