import { describe, expect, it } from "vitest";
import { offersOf, questionOf } from "./offers";

describe("offersOf", () => {
  it("makes a button of each option", () => {
    expect(offersOf({ question: "Ship?", options: ["approve", "reject", "later"] })).toEqual([
      { label: "Approve", answer: "approve", look: "primary" },
      { label: "Reject", answer: "reject", look: "danger" },
      { label: "Later", answer: "later", look: "plain" },
    ]);
  });

  it("takes label and value apart", () => {
    expect(offersOf({ choices: [{ label: "Yes, charge", value: { ok: 1 } }] })[0]).toEqual({
      label: "Yes, charge",
      answer: { ok: 1 },
      look: "primary",
    });
  });

  it("offers yes and no for an approval, and nothing where nothing is offered", () => {
    expect(offersOf({ kind: "approval" }).map((offer) => offer.answer)).toEqual([true, false]);
    expect(offersOf({ amount: 3 })).toEqual([]);
    expect(offersOf("Continue?")).toEqual([]);
  });
});

describe("questionOf", () => {
  it("finds the sentence", () => {
    expect(questionOf("Go on?")).toEqual({ sentence: "Go on?", rest: undefined });
    expect(questionOf({ question: "Go on?", x: 1 })).toEqual({ sentence: "Go on?", rest: { x: 1 } });
    expect(questionOf({ question: "Go on?", options: ["yes", "no"] })).toEqual({
      sentence: "Go on?",
      rest: undefined,
    });
    expect(questionOf({ x: 1 })).toEqual({ sentence: null, rest: { x: 1 } });
  });
});
