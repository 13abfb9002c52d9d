"""How the picture of a graph is found: by going through it as a run would, taking every conditional edge once.

So it shows what LangGraph's shows: arrows from nodes that a run can reach, a join's only where all its sources can be
reached, an arrow to END from each node that leads nowhere else. A router whose targets nobody named may lead anywhere,
and is drawn so (LangGraph draws none of its arrows then).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from fastgraph.execution.plan import END, START
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.picture import DrawableGraph, GraphEdge, GraphNode

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["draw"]

MAX_STEPS = 251
"""As far as LangGraph looks for the last step of a graph that never ends."""


def draw(graph: CompiledGraph, *, xray: int | bool = False) -> DrawableGraph:
    """Return the picture of a graph; with `xray` nested graphs are drawn in place of their nodes, so many levels deep."""
    definition = graph.definition
    edges, last = _Walk(definition).go()
    first_of: dict[tuple[str, str], GraphEdge] = {}
    for edge in sorted(edges, key=lambda edge: (edge.source, edge.target, edge.conditional, edge.data or "")):
        first_of.setdefault((edge.source, edge.target), edge)
    drawn = list(first_of.values())
    sources = {edge.source for edge in drawn}
    ends = sorted({edge.target for edge in drawn if edge.target != END} - sources)
    if ends:
        drawn += [GraphEdge(node, END) for node in ends if (node, END) not in first_of]
    elif len(last) == 1 and not any(edge.target == END for edge in drawn):
        drawn += [GraphEdge(node, END, None, True) for node in last]
    nodes = {START: GraphNode(START, START), **{name: _node(graph, name) for name in definition.nodes}}
    if any(edge.target == END for edge in drawn):
        nodes[END] = GraphNode(END, END)
    picture = DrawableGraph(nodes, tuple(drawn))
    return _with_nested(picture, graph, xray) if xray else picture


def _with_nested(picture: DrawableGraph, graph: CompiledGraph, xray: int | bool) -> DrawableGraph:
    deeper = xray if isinstance(xray, bool) else xray - 1
    for name, spec in graph.nodes.items():
        nested = draw(spec.subgraph, xray=deeper).inner(name) if spec.subgraph else None
        if nested is not None:
            picture = picture.with_inner(name, nested)
    return picture


def _node(graph: CompiledGraph, name: str) -> GraphNode:
    spec = graph.nodes[name]
    metadata = dict(spec.metadata)
    if spec.is_deferred:
        metadata["defer"] = True
    before, after = (
        name in names or "*" in names for names in (graph.interrupt_before, graph.interrupt_after)
    )
    if before or after:
        metadata["__interrupt"] = ",".join(("before",) * before + ("after",) * after)
    return GraphNode(name, name, spec.subgraph or spec.function, metadata or None)


class _Walk:
    """Goes through a definition step by step, as if every node wrote and every router chose all its targets once."""

    def __init__(self, definition: GraphDefinition) -> None:
        self._definition = definition
        self._always = self._find_always()
        self._maybe = {
            source: tuple(dict.fromkeys(self._find_maybe(source))) for source in (START, *definition.nodes)
        }
        self._asked: set[str] = set()
        self._seen = {join: set[str]() for join in definition.joins}
        self._leading: dict[str, set[GraphEdge]] = {}
        self._edges: set[GraphEdge] = set()

    def go(self) -> tuple[set[GraphEdge], list[str]]:
        """Return all arrows, and the nodes of the last step."""
        due, last = [START], [START]
        waiting: set[str] = set()
        for step in count():
            if step >= MAX_STEPS and self._asked.issuperset(due):
                break
            last = due
            reached = self._step(due)
            nodes = self._definition.nodes
            waiting |= {name for name in reached if nodes[name].is_deferred}
            due = sorted(reached - waiting)
            if not due:
                due, waiting = sorted(waiting), set()
            if not due:
                break
            self._consume(due)
            self._arrive(last, due)
        self._edges.update(self._leading.get(END, ()))
        return self._edges, last

    def _step(self, due: list[str]) -> set[str]:
        """Execute nodes: note where they lead, and return the nodes that are reached."""
        reached: set[str] = set()
        for name in due:
            chosen = () if name in self._asked else self._maybe[name]
            self._asked.add(name)
            # where both lead to one target, the conditional edge is the one that is drawn
            maybe = {edge.target for edge in chosen}
            always = self._always.get(name, ())
            for edge in (*chosen, *(GraphEdge(name, target) for target in always if target not in maybe)):
                self._leading.setdefault(edge.target, set()).add(edge)
            reached.update(maybe - {END}, always)
        for join, seen in self._seen.items():
            sources, target = join
            seen.update(name for name in due if name in sources)
            if seen.issuperset(sources):
                reached.update({target} - {END})
        return reached

    def _consume(self, due: list[str]) -> None:
        """Begin the joins anew that lead to the nodes that come next; one that waits for a deferred node stays complete."""
        for (sources, target), seen in self._seen.items():
            if (target in due or target == END) and seen.issuperset(sources):
                seen.clear()

    def _arrive(self, before: list[str], due: list[str]) -> None:
        """Draw what leads to the nodes that come next: edges, joins, and the whole step where none of its nodes named one.

        A deferred node that never comes has no arrows.
        """
        for target in due:
            self._edges.update(self._leading.get(target, ()))
            joins = [sources for sources, joined in self._definition.joins if joined == target]
            for sources in joins:
                self._edges.update(GraphEdge(source, target) for source in sources if source in self._asked)
            if not any(self._names(source, target, joins) for source in before):
                self._edges.update(GraphEdge(source, target, None, True) for source in before)

    def _names(self, source: str, target: str, joins: list[tuple[str, ...]]) -> bool:
        return (
            target in self._always.get(source, ())
            or any(edge.target == target for edge in self._maybe[source])
            or any(source in sources for sources in joins)
        )

    def _find_always(self) -> dict[str, list[str]]:
        targets: dict[str, list[str]] = {}
        for source, target in self._definition.edges:
            if target != END:
                targets.setdefault(source, []).append(target)
        return targets

    def _find_maybe(self, source: str) -> Iterator[GraphEdge]:
        for router in self._definition.routers.get(source, ()):
            if router.targets is None:
                others = (node for node in self._definition.nodes if node != source)
                yield from (GraphEdge(source, target, None, True) for target in (*others, END))
            else:
                for answer, target in router.targets.items():
                    yield GraphEdge(source, target, None if answer == target else str(answer), True)
        spec = self._definition.nodes.get(source)
        for target, label in (spec.destinations if spec else {}).items():
            yield GraphEdge(source, target, None if label == target else label, True)
