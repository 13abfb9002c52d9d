import { describe, expect, it } from "vitest";
import { mendingCommand, missingIn, placesOf } from "./missing";

const SENTENCE =
  "Workflow 'order' has changed and has no node 'review' any more, which this run would execute next. " +
  "Workflow 'order' has changed and has no key 'notes' any more, which this run's state holds.";

describe("a held run", () => {
  it("names what is gone", () => {
    expect(missingIn(SENTENCE)).toEqual([
      { what: "node", name: "review" },
      { what: "key", name: "notes" },
    ]);
    expect(missingIn("Workflow 'order' has changed and can't read this run's state any more: x")).toEqual([]);
    expect(missingIn("Signal paid.")).toBeNull();
    expect(missingIn(null)).toBeNull();
  });

  it("gives the command that mends it", () => {
    expect(mendingCommand("order", "r1", [{ what: "node", name: "review" }])).toBe(
      "fastgraph workflows migrate order --run r1 --node review=NEW_NODE",
    );
  });

  it("says only what was chosen, also that something is dropped", () => {
    const missing = missingIn(SENTENCE) ?? [];
    const chosen = { "node review": "check", "key notes": null };
    expect(placesOf(missing, chosen, "node")).toEqual({ review: "check" });
    expect(placesOf(missing, chosen, "key")).toEqual({ notes: null });
    expect(placesOf(missing, {}, "node")).toEqual({});
  });
});
