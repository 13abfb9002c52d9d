/** What is known of an actor, as names and words; what its host did not tell is left out. Pure. */

import type { Actor } from "@/shared/api/types";
import { text } from "@/shared/text";
import { duration } from "@/shared/time";
import { actorsText } from "./text";
import { number, told } from "./told";

export interface Fact {
  name: string;
  value: string;
  isBad?: boolean;
}

export function factsOf(actor: Actor): Fact[] {
  const { facts, perSecond, milliseconds, since, inMailbox } = actorsText;
  const seconds = (value: number) => duration(value * 1000);
  const found: (Fact | null)[] = [
    told(actor.mailbox_capacity, (capacity) => ({
      name: facts.mailbox,
      value: inMailbox(actor.mailbox_depth, capacity),
    })),
    told(actor.oldest_seconds, (age) => ({ name: facts.oldest, value: seconds(age), isBad: age >= 5 })),
    told(actor.high_water, (depth) => ({ name: facts.highWater, value: number(depth) })),
    told(actor.refused, (count) => ({ name: facts.refused, value: number(count), isBad: count > 0 })),
    told(actor.current_message, (message) => ({
      name: facts.handles,
      value: actor.current_seconds == null ? message : `${message} ${since(seconds(actor.current_seconds))}`,
    })),
    told(actor.processed, (count) => ({ name: facts.processed, value: number(count) })),
    told(actor.rate_per_second, (rate) => ({ name: facts.rate, value: perSecond(rate) })),
    told(actor.p95_ms, () => ({
      name: facts.percentiles,
      value: [actor.p50_ms, actor.p95_ms, actor.p99_ms]
        .map((ms) => (ms == null ? "–" : milliseconds(ms)))
        .join(" / "),
    })),
    {
      name: facts.restarts,
      value: [number(actor.restarts), ...windowOf(actor)].join(", "),
      isBad: (actor.restarts_in_window ?? 0) > 0,
    },
    told(actor.next_restart_seconds, (left) => ({
      name: facts.nextRestart,
      value: text.waits.in(seconds(left)),
    })),
    told(actor.generation, (lives) => ({ name: facts.lives, value: number(lives) })),
    told(actor.epoch, (epoch) => ({ name: facts.epoch, value: number(epoch) })),
    told(actor.last_checkpoint, ({ number: at, age_seconds: age }) => ({
      name: facts.checkpoint,
      value: age === null ? number(at) : `${number(at)}, ${seconds(age)}`,
    })),
    told(actor.lease_left_seconds, (left) => ({ name: facts.lease, value: seconds(left), isBad: left < 3 })),
    told(actor.place, (place) => ({ name: facts.place, value: place })),
    actor.child_count ? { name: facts.children, value: actorsText.total(actor.child_count) } : null,
    told(actor.last_error, (error) => ({ name: facts.lastError, value: error, isBad: true })),
  ];
  return found.filter((fact) => fact !== null);
}

function windowOf(actor: Actor): string[] {
  return actor.restarts_in_window ? [actorsText.facts.inWindow(actor.restarts_in_window)] : [];
}
