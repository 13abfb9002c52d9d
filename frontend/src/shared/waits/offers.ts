/** What an interrupt's value offers as answers, so that a person need not write JSON. Pure. */
import { isObject } from "@/shared/schema-form/schema";
import { text } from "@/shared/text";

export interface Offer {
  label: string;
  answer: unknown;
  look: "primary" | "plain" | "danger";
}

const LISTS = ["options", "choices", "actions", "answers"];
const NO_WORDS = /^(reject|deny|decline|refuse|no|cancel|abort|stop|ignore)/i;
const YES_WORDS = /^(approve|accept|allow|yes|ok|confirm|continue)/i;

export function offersOf(value: unknown): Offer[] {
  if (!isObject(value)) return [];
  for (const name of LISTS) {
    const list = value[name];
    if (Array.isArray(list) && list.length > 0 && list.length <= 8) return list.map(offerOf);
  }
  if (isApproval(value)) {
    return [
      { label: text.interrupt.approve, answer: true, look: "primary" },
      { label: text.interrupt.reject, answer: false, look: "danger" },
    ];
  }
  return [];
}

function offerOf(option: unknown): Offer {
  if (isObject(option) && "value" in option) {
    const label = typeof option.label === "string" ? option.label : String(option.value);
    return { label, answer: option.value, look: lookOf(label) };
  }
  const label = typeof option === "string" ? option : JSON.stringify(option);
  return { label: label.charAt(0).toUpperCase() + label.slice(1), answer: option, look: lookOf(label) };
}

function lookOf(label: string): Offer["look"] {
  return NO_WORDS.test(label) ? "danger" : YES_WORDS.test(label) ? "primary" : "plain";
}

function isApproval(value: Record<string, unknown>): boolean {
  return value.kind === "approval" || value.type === "approval" || "approve" in value;
}

export interface Question {
  /** The sentence to put above the answer, where the value holds one. */
  sentence: string | null;
  /** What else the value says; undefined where that is all. */
  rest: unknown;
}

export function questionOf(value: unknown): Question {
  if (typeof value === "string") return { sentence: value, rest: undefined };
  if (!isObject(value)) return { sentence: null, rest: value };
  for (const name of ["question", "message", "prompt", "title", "description"]) {
    const { [name]: sentence, ...others } = value;
    const rest = withoutOffers(others);
    if (typeof sentence === "string")
      return { sentence, rest: Object.keys(rest).length > 0 ? rest : undefined };
  }
  return { sentence: null, rest: value };
}

/** What has become buttons is not said twice. */
function withoutOffers(value: Record<string, unknown>): Record<string, unknown> {
  if (offersOf(value).length === 0) return value;
  const offered = LISTS.find((name) => Array.isArray(value[name]));
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== offered));
}
