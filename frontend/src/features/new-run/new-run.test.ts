import { describe, expect, it } from "vitest";
import { IdempotencyKeys } from "@/shared/api/idempotency";
import type { Workflow } from "@/shared/api/types";
import { curlOf } from "./curl";
import { draftFor, requestOf, tagsOf } from "./draft";

const workflow: Workflow = {
  name: "text-report",
  description: null,
  graph_hash: "h",
  input_schema: {
    type: "object",
    properties: { input: { type: "string" }, depth: { type: "integer", default: 2 } },
  },
  graph: { nodes: [], edges: [] },
  mermaid: "",
  is_default: true,
  hosts: 1,
  is_paused: false,
};

describe("draft", () => {
  it("begins with the schema's defaults and the workflow's name", () => {
    expect(requestOf(draftFor(workflow))).toEqual({
      name: "text-report",
      workflow: "text-report",
      payload: { depth: 2 },
    });
  });

  it("takes over another run's input", () => {
    const draft = draftFor(workflow, { name: "again", tags: ["a", "b"], payload: { input: "x" } });
    expect(requestOf(draft)).toEqual({
      name: "again",
      workflow: "text-report",
      payload: { input: "x" },
      tags: ["a", "b"],
    });
  });

  it("sends of the rest only what was said", () => {
    const draft = draftFor(workflow, undefined, "0199");
    const more = { ...draft.more, context: { user: "ada" }, recursionLimit: "50", interruptBefore: "a, b" };
    expect(requestOf({ ...draft, more })).toMatchObject({
      thread_id: "0199",
      context: { user: "ada" },
      config: { recursion_limit: 50, interrupt_before: ["a", "b"] },
    });
    const wrong = { ...draft.more, threadId: "", timeoutSeconds: "soon", interruptBefore: "*" };
    expect(requestOf({ ...draft, more: wrong })).toEqual({
      name: "text-report",
      workflow: "text-report",
      payload: { depth: 2 },
      config: { timeout_seconds: "soon", interrupt_before: "*" },
    });
  });

  it("reads tags", () => {
    expect(tagsOf(" a, b,,a ,")).toEqual(["a", "b"]);
  });
});

describe("curl", () => {
  it("survives a shell", () => {
    const command = curlOf("http://127.0.0.1:8000", { name: "it's", payload: { input: "$HOME" } });
    expect(command).toContain("curl -X POST http://127.0.0.1:8000/api/runs/");
    expect(command).toContain(`'{"name":"it'\\''s","payload":{"input":"$HOME"}}'`);
  });
});

describe("IdempotencyKeys", () => {
  it("keeps the key while the body stays, and makes a new one for another body or another run", () => {
    const keys = new IdempotencyKeys();
    const first = keys.keyFor("a");
    expect(keys.keyFor("a")).toBe(first);
    expect(keys.keyFor("b")).not.toBe(first);
    const second = keys.keyFor("b");
    keys.spent();
    expect(keys.keyFor("b")).not.toBe(second);
  });
});
