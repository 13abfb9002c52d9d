"""The picture of a graph: nodes and arrows, as JSON, as Mermaid text, or as characters.

A `DrawableGraph` has LangGraph's shape (`nodes` by id, `edges` with source, target, data and conditional), so what a
program does with the one it can do with the other. Pictures as image files need a web service or a browser and are left
to whoever reads the Mermaid text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fastgraph.graph.ascii_picture import draw_boxes
from fastgraph.graph.mermaid import NodeStyles, draw_mermaid

__all__ = ["DrawableGraph", "GraphEdge", "GraphNode"]


class GraphEdge(NamedTuple):
    """An arrow; `conditional` ones may be taken, the others always are. `data` is its label, None where it has none."""

    source: str
    target: str
    data: str | None = None
    conditional: bool = False

    @property
    def label(self) -> str | None:
        """What stands at the arrow."""
        return self.data


class GraphNode(NamedTuple):
    """A node; `data` is its function or its nested graph, None for START and END."""

    id: str
    name: str
    data: Any = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DrawableGraph:
    """A graph as it is drawn: START, the nodes as they were added, END where something leads there.

    Nodes of a nested graph that is drawn, too, have ids like `outer:inner`.
    """

    nodes: Mapping[str, GraphNode]
    edges: tuple[GraphEdge, ...]

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return `{"nodes": [{"id", "name"}], "edges": [{"source", "target", "conditional", "label"}]}`.

        An edge with a label has it under LangGraph's name `data`, too.
        """
        return {
            "nodes": [{"id": node.id, "name": node.name} for node in self.nodes.values()],
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "conditional": edge.conditional,
                    "label": edge.label,
                    **({} if edge.data is None else {"data": edge.data}),
                }
                for edge in self.edges
            ],
        }

    def draw_mermaid(
        self,
        *,
        with_styles: bool = True,
        curve_style: str = "linear",
        node_colors: NodeStyles | None = None,
        wrap_label_n_words: int = 9,
        frontmatter_config: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the graph as Mermaid text, readable by any Mermaid renderer; nested graphs are its subgraphs."""
        return draw_mermaid(
            self,
            with_styles=with_styles,
            curve_style=curve_style,
            node_styles=node_colors,
            wrap_label_n_words=wrap_label_n_words,
            frontmatter_config=frontmatter_config,
        )

    def draw_ascii(self) -> str:
        """Return the graph as lines of characters. Needs the package `grandalf`; ImportError says so where it is missing."""
        return draw_boxes({node: node.rpartition(":")[2] for node in self.nodes}, self.edges)

    def print_ascii(self) -> None:
        """Print the graph as characters."""
        print(self.draw_ascii())  # noqa: T201 - what it is for

    def first_node(self) -> GraphNode | None:
        """Return the only node that no arrow leads to; None where there is none or are several."""
        return self._only({edge.target for edge in self.edges})

    def last_node(self) -> GraphNode | None:
        """Return the only node that no arrow leaves; None where there is none or are several."""
        return self._only({edge.source for edge in self.edges})

    def inner(self, prefix: str) -> DrawableGraph | None:
        """Return this graph as it stands inside another, as part of node `prefix`; None where it has no way in or out.

        START and END are left out where a single arrow leaves or reaches them.
        """
        if len(self.nodes) < 2 or self.first_node() is None or self.last_node() is None:
            return None
        trimmed = _without_end(self, is_first=True)
        trimmed = _without_end(trimmed, is_first=False)
        nodes = {
            f"{prefix}:{node.id}": node._replace(id=f"{prefix}:{node.id}", name=f"{prefix}:{node.name}")
            for node in trimmed.nodes.values()
        }
        edges = tuple(
            edge._replace(source=f"{prefix}:{edge.source}", target=f"{prefix}:{edge.target}")
            for edge in trimmed.edges
        )
        return DrawableGraph(nodes, edges)

    def with_inner(self, name: str, inner: DrawableGraph) -> DrawableGraph:
        """Return this graph with `inner` in place of a node; arrows lead to its first node and from its last."""
        first, last = inner.first_node(), inner.last_node()
        assert first is not None, f"{name} has no way in"
        assert last is not None, f"{name} has no way out"
        nodes = {key: node for key, node in self.nodes.items() if key != name}
        outer = (
            edge._replace(
                source=last.id if edge.source == name else edge.source,
                target=first.id if edge.target == name else edge.target,
            )
            for edge in self.edges
        )
        return DrawableGraph({**nodes, **inner.nodes}, (*outer, *inner.edges))

    def _only(self, touched: set[str]) -> GraphNode | None:
        found = [node for node in self.nodes.values() if node.id not in touched]
        return found[0] if len(found) == 1 else None


def _without_end(graph: DrawableGraph, *, is_first: bool) -> DrawableGraph:
    """Leave out the first or last node, if it has one arrow and the graph has a first or last node without it."""
    node = graph.first_node() if is_first else graph.last_node()
    if node is None:
        return graph
    side = 0 if is_first else 1
    rest = replace(
        graph,
        nodes={key: other for key, other in graph.nodes.items() if key != node.id},
        edges=tuple(edge for edge in graph.edges if node.id not in (edge.source, edge.target)),
    )
    has_one_arrow = sum(edge[side] == node.id for edge in graph.edges) == 1
    end = rest.first_node() if is_first else rest.last_node()
    return rest if has_one_arrow and end is not None else graph
