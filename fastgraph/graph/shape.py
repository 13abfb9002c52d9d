"""The picture of a graph, as JSON and as Mermaid text, and the hash that tells two versions of it apart.

All three are made from the definition alone, in sorted order, so they are the same in every process. The hash covers
what a stored checkpoint depends on (nodes, edges, joins, conditional edges, keys and whether they have reducers) and not
the code of the nodes, which may be mended while runs wait.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fastgraph.execution.plan import END, START, KeyKind
from fastgraph.graph.definition import GraphDefinition

__all__ = ["DrawableGraph", "GraphEdge", "draw", "hash_graph"]


@dataclass(frozen=True, slots=True, order=True)
class GraphEdge:
    """An arrow of the picture; `conditional` ones may be taken, the others always are."""

    source: str
    target: str
    conditional: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class DrawableGraph:
    """A graph as it is drawn: START, the nodes by name, END where something leads there."""

    nodes: tuple[str, ...]
    edges: tuple[GraphEdge, ...]

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return `{"nodes": [{"id", "name"}], "edges": [{"source", "target", "conditional", "label"}]}`."""
        return {
            "nodes": [{"id": node, "name": node} for node in self.nodes],
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "conditional": edge.conditional,
                    "label": edge.label,
                }
                for edge in self.edges
            ],
        }

    def draw_mermaid(self) -> str:
        """Return the graph as Mermaid text, readable by any Mermaid renderer."""
        names = {node: _mermaid_id(index, node) for index, node in enumerate(self.nodes)}
        lines = ["graph TD;"]
        lines += [f"\t{names[node]}{_mermaid_shape(node)}" for node in self.nodes]
        lines += [f"\t{names[edge.source]}{_mermaid_arrow(edge)}{names[edge.target]};" for edge in self.edges]
        return "\n".join(lines) + "\n"


def draw(definition: GraphDefinition) -> DrawableGraph:
    """Lay out a definition; a node that leads nowhere gets an edge to END, because the run may end there.

    An error handler stands alone: no edge leads to it.
    """
    edges = set(_static_edges(definition)) | set(_conditional_edges(definition))
    sources = {edge.source for edge in edges}
    edges |= {
        GraphEdge(node, END)
        for node, spec in definition.nodes.items()
        if node not in sources and not spec.is_error_handler
    }
    ends = (END,) if any(edge.target == END for edge in edges) else ()
    ordered = sorted(edges, key=lambda edge: (edge.source, edge.target, edge.conditional, edge.label or ""))
    return DrawableGraph((START, *sorted(definition.nodes), *ends), tuple(ordered))


def hash_graph(definition: GraphDefinition, keys: Mapping[str, KeyKind], key_types: Mapping[str, str]) -> str:
    """Return 16 hexadecimal digits that change when the structure, the keys or their types do."""
    structure = {
        "nodes": [
            [name, spec.is_deferred, *([spec.subgraph.graph_hash] if spec.subgraph else [])]
            for name, spec in sorted(definition.nodes.items())
        ],
        "edges": sorted(definition.edges),
        "joins": sorted([list(sources), target] for sources, target in definition.joins),
        "routers": sorted(
            [source, router.name, sorted((router.targets or {}).values())]
            for source, routers in definition.routers.items()
            for router in routers
        ),
        "keys": sorted([name, kind.value, key_types[name]] for name, kind in keys.items()),
    }
    return hashlib.blake2b(orjson.dumps(structure), digest_size=8).hexdigest()


def _static_edges(definition: GraphDefinition) -> Iterator[GraphEdge]:
    for source, target in definition.edges:
        yield GraphEdge(source, target)
    for sources, target in definition.joins:
        for source in sources:
            yield GraphEdge(source, target)


def _conditional_edges(definition: GraphDefinition) -> Iterator[GraphEdge]:
    for source, routers in definition.routers.items():
        for router in routers:
            if router.targets is None:
                others = (node for node in definition.nodes if node != source)
                yield from (GraphEdge(source, target, True) for target in (*others, END))
            else:
                for answer, target in router.targets.items():
                    yield GraphEdge(source, target, True, None if answer == target else str(answer))
    for node in definition.nodes.values():
        for target, label in node.destinations.items():
            yield GraphEdge(node.name, target, True, label)


def _mermaid_id(index: int, node: str) -> str:
    """Return the node's name where Mermaid can read it as a word, else a number; `end` is one of its own words."""
    is_word = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", node) and node.lower() not in {
        "end",
        "graph",
        "subgraph",
        "style",
    }
    return node if is_word else f"node_{index}"


def _mermaid_shape(node: str) -> str:
    text = node.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f'(["{text}"])' if node in (START, END) else f'("{text}")'


def _mermaid_arrow(edge: GraphEdge) -> str:
    if not edge.conditional:
        return " --> "
    if edge.label is None:
        return " -.-> "
    label = edge.label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f' -. "{label}" .-> '
