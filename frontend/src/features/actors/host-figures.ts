/** A host's figures as names and words; what it did not tell is left out, what should be 0 and is not is bad. Pure. */

import type { Host } from "@/shared/api/types";
import { bytes, duration } from "@/shared/time";
import { hostsText } from "./text";
import { number, told } from "./told";

export interface Figure {
  name: string;
  value: string;
  note?: string | undefined;
  tone?: "bad" | "warn" | undefined;
}

const LATE_SECONDS = 0.25;

export function figuresOf({ figures: f, lease_left_seconds: lease }: Host): Figure[] {
  const { figures: names, lagMax, busy, yes, no } = hostsText;
  const found: (Figure | null)[] = [
    told(f.loop_lag_seconds, (lag) => ({
      name: names.lag,
      value: duration(lag * 1000),
      note: f.loop_lag_max_seconds == null ? undefined : lagMax(duration(f.loop_lag_max_seconds * 1000)),
      tone: (f.loop_lag_max_seconds ?? lag) > LATE_SECONDS ? "warn" : undefined,
    })),
    told(f.rss_bytes, (size) => ({ name: names.rss, value: bytes(size) })),
    told(f.running_tasks, (count) => ({ name: names.tasks, value: number(count) })),
    told(f.threads, (all) => ({
      name: names.threads,
      value: number(all),
      note: f.busy_threads == null ? undefined : busy(f.busy_threads, all),
    })),
    told(f.descriptors, (count) => ({ name: names.descriptors, value: number(count) })),
    told(f.wal_bytes, (size) => ({ name: names.wal, value: bytes(size) })),
    told(f.pool_in_use, (count) => ({ name: names.pool, value: number(count) })),
    told(lease, (left) => ({
      name: names.lease,
      value: duration(left * 1000),
      tone: left < 3 ? "warn" : undefined,
    })),
    told(f.claims, (count) => ({ name: names.claims, value: number(count) })),
    told(f.recoveries, (count) => ({ name: names.recoveries, value: number(count) })),
    told(f.fenced_writes, (count) => ({ ...zero(names.fenced, count), tone: count > 0 ? "bad" : undefined })),
    told(f.dead_letters, (count) => ({
      ...zero(names.letters, count),
      tone: count > 0 ? "warn" : undefined,
    })),
    f.blocked_loops ? { name: names.blocked, value: number(f.blocked_loops), tone: "bad" } : null,
    f.abandoned_threads ? { name: names.abandoned, value: number(f.abandoned_threads), tone: "warn" } : null,
    told(f.is_listening, (isListening) => ({
      name: names.listening,
      value: isListening ? yes : no,
      tone: isListening ? undefined : "warn",
    })),
  ];
  return found.filter((figure) => figure !== null);
}

function zero(name: string, count: number): Figure {
  return { name, value: number(count) };
}
