import { describe, expect, it } from "vitest";
import type { Actor } from "@/shared/api/types";
import { countActors, FOLDED_FROM, findActor, fullnessOf, rowsOf } from "./tree";

function actor(key: string, children: Actor[] = [], more: Partial<Actor> = {}): Actor {
  return {
    id: `id-${key}`,
    key,
    kind: "Actor",
    state: "idle",
    child_count: children.length,
    children,
    run_id: null,
    current_message: null,
    ...more,
  } as Actor;
}

const tree = actor("system", [
  actor("api", [actor("writer")]),
  actor("host", [actor("supervisor", [actor("run-a", [], { run_id: "0190-a" }), actor("run-b")])]),
]);

const keysOf = (rows: { actor: Actor; depth: number }[]) =>
  rows.map(({ actor: { key }, depth }) => `${depth} ${key}`);

describe("the rows of the tree", () => {
  it("are parents before children, each one step further in", () => {
    expect(keysOf(rowsOf(tree, new Map()))).toEqual([
      "0 system",
      "1 api",
      "2 writer",
      "1 host",
      "2 supervisor",
      "3 run-a",
      "3 run-b",
    ]);
  });

  it("leave out what is folded", () => {
    expect(keysOf(rowsOf(tree, new Map([["id-host", false]])))).toEqual([
      "0 system",
      "1 api",
      "2 writer",
      "1 host",
    ]);
  });

  it("fold a large family by themselves, and open it when somebody says so", () => {
    const many = actor(
      "many",
      Array.from({ length: FOLDED_FROM }, (_, n) => actor(`run-${n}`)),
    );
    expect(rowsOf(many, new Map())).toHaveLength(1);
    expect(rowsOf(many, new Map([["id-many", true]]))).toHaveLength(FOLDED_FROM + 1);
  });

  it("show what is looked for with its ancestors, also where it is folded", () => {
    const folded = new Map([["id-host", false]]);
    expect(keysOf(rowsOf(tree, folded, "0190-A"))).toEqual(["0 system", "1 host", "2 supervisor", "3 run-a"]);
    expect(rowsOf(tree, new Map(), "nobody")).toEqual([]);
  });

  it("say how many children the server did not send", () => {
    const paged = actor("supervisor", [actor("run-a")], { child_count: 400 });
    expect(rowsOf(paged, new Map())[0]?.unsent).toBe(399);
    expect(countActors(paged)).toBe(401);
  });
});

describe("an actor", () => {
  it("is found by its id", () => {
    expect(findActor(tree, "id-run-b")?.key).toBe("run-b");
    expect(findActor(tree, "id-nobody")).toBeNull();
  });

  it("has a mailbox that is told by how full it is", () => {
    expect([0, 1, 512, 950].map((depth) => fullnessOf(depth, 1000))).toEqual([
      "empty",
      "some",
      "filling",
      "full",
    ]);
    expect(fullnessOf(3, null)).toBe("some");
  });
});
