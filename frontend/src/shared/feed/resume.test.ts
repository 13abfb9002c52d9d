import { describe, expect, it } from "vitest";
import { MAX_HELD, SequenceGate } from "./resume";

const at = (...numbers: number[]) => numbers.map((seq) => ({ seq }));
const seqs = (events: { seq: number }[]) => events.map((event) => event.seq);

describe("SequenceGate", () => {
  it("passes events in order", () => {
    const gate = new SequenceGate(0);
    expect(seqs(gate.offer(at(1, 2, 3)))).toEqual([1, 2, 3]);
    expect(gate.last).toBe(3);
    expect(gate.gap).toBeNull();
  });

  it("lets doubles fall away, within one batch and across batches", () => {
    const gate = new SequenceGate(0);
    expect(seqs(gate.offer(at(1, 1, 2)))).toEqual([1, 2]);
    expect(seqs(gate.offer(at(1, 2, 3)))).toEqual([3]);
  });

  it("starts after the number it was given", () => {
    expect(seqs(new SequenceGate(7).offer(at(6, 7, 8)))).toEqual([8]);
  });

  it("holds what is ahead of a hole and names the hole", () => {
    const gate = new SequenceGate(0);
    expect(seqs(gate.offer(at(1, 4, 5)))).toEqual([1]);
    expect(gate.gap).toEqual({ after: 1, before: 4 });
  });

  it("goes on in order once the hole is filled", () => {
    const gate = new SequenceGate(0);
    gate.offer(at(1, 4, 5));
    expect(seqs(gate.offer(at(2, 3)))).toEqual([2, 3, 4, 5]);
    expect(gate.gap).toBeNull();
  });

  it("sees a second hole behind the first", () => {
    const gate = new SequenceGate(0);
    gate.offer(at(3, 6));
    expect(seqs(gate.offer(at(1, 2)))).toEqual([1, 2, 3]);
    expect(gate.gap).toEqual({ after: 3, before: 6 });
  });

  it("puts what arrives in reverse into order", () => {
    const gate = new SequenceGate(0);
    expect(seqs(gate.offer(at(3, 2, 1)))).toEqual([1, 2, 3]);
  });

  it("skips a hole that the log can't fill", () => {
    const gate = new SequenceGate(0);
    gate.offer(at(1, 4, 5, 8));
    expect(seqs(gate.skipGap())).toEqual([4, 5]);
    expect(gate.gap).toEqual({ after: 5, before: 8 });
  });

  it("takes a row that covers a range as all of its numbers", () => {
    const gate = new SequenceGate<{ seq: number; seq_from?: number }>(1);
    expect(seqs(gate.offer([{ seq: 9, seq_from: 2 }, { seq: 10 }]))).toEqual([9, 10]);
  });

  it("keeps a bound on what waits", () => {
    const gate = new SequenceGate(0);
    gate.offer(Array.from({ length: MAX_HELD + 10 }, (_, i) => ({ seq: i + 2 })));
    const ready = gate.offer(at(1));
    expect(ready.length).toBe(MAX_HELD + 1);
    expect(gate.gap).toBeNull();
  });

  it("gives every number once and in order, however the stream was cut, doubled and shuffled", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const total = 60;
      const gate = new SequenceGate(0);
      const seen: number[] = [];
      const arrivals = at(...Array.from({ length: total }, (_, i) => i + 1), ...[5, 5, 17, 40]);
      arrivals.sort(() => random() - 0.5);
      while (arrivals.length > 0)
        seen.push(...seqs(gate.offer(arrivals.splice(0, 1 + Math.floor(random() * 9)))));
      expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    }
  });
});

function randomFrom(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
