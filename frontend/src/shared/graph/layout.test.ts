import { describe, expect, it } from "vitest";
import type { WorkflowGraph } from "@/shared/api/types";
import { bestLayout, layoutOf } from "./layout";

const chain: WorkflowGraph = {
  nodes: ["a", "b", "c", "d"].map((id) => ({ id, name: id })),
  edges: [
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
  ].map(([source, target]) => ({
    source: source ?? "",
    target: target ?? "",
    conditional: false,
    label: null,
  })),
};

describe("layout", () => {
  it("runs along the room", () => {
    expect(bestLayout(chain, { width: 200, height: 600 }).direction).toBe("TB");
    expect(bestLayout(chain, { width: 900, height: 150 }).direction).toBe("LR");
  });

  it("puts each node after the one before it, and none upon another", () => {
    const tops = layoutOf(chain, "TB").nodes.map((node) => node.y);
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    expect(new Set(tops).size).toBe(4);
  });

  it("answers the same object for the same graph", () => {
    expect(layoutOf(chain, "LR")).toBe(layoutOf(chain, "LR"));
  });

  it("leaves out edges to nodes that are not there, and draws cycles", () => {
    const odd: WorkflowGraph = {
      nodes: chain.nodes,
      edges: [
        ...chain.edges,
        { source: "d", target: "a", conditional: true, label: "again" },
        { source: "a", target: "gone", conditional: false, label: null },
      ],
    };
    expect(layoutOf(odd, "TB").nodes).toHaveLength(4);
  });

  it("draws a graph without nodes", () => {
    expect(layoutOf({ nodes: [], edges: [] }, "TB").nodes).toEqual([]);
  });
});
