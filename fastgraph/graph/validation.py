"""Faults in a graph as it is written, each as a sentence that names the place and what would be right there.

Every check raises GraphDefinitionError (a ValueError, as LangGraph raises) and changes nothing. No error: nodes that
nothing leads to, cycles, dead ends, a node named like a key.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastgraph.errors import GraphDefinitionError
from fastgraph.execution.machine import ALL_NODES
from fastgraph.execution.plan import END, START
from fastgraph.graph.nodes import NodeSpec, RouterSpec

__all__ = [
    "check_edge_ends",
    "check_edges",
    "check_interrupt_nodes",
    "check_join",
    "check_node_name",
    "check_router_name",
    "check_timeout",
    "sync_timeout",
]

_RESERVED_CHARACTERS = "|:"


def check_node_name(name: str, nodes: Mapping[str, NodeSpec]) -> None:
    """A new node's name is free, not reserved, and can stand in a namespace."""
    if name in nodes:
        raise GraphDefinitionError(f"Node {name!r} is there already. Give the second one another name.")
    if name in (START, END):
        raise GraphDefinitionError(
            f"The name {name!r} is reserved for the graph's {_word(name)}. Take another."
        )
    for character in _RESERVED_CHARACTERS:
        if character in name:
            raise GraphDefinitionError(
                f"The node name {name!r} holds {character!r}, which is a reserved character in names. Leave it out."
            )


def check_timeout(spec: NodeSpec) -> None:
    """A timeout is on an async node or on one with a process of its own: a thread can't be stopped."""
    if spec.limits is not None and not spec.is_async and spec.executor != "process":
        raise sync_timeout(spec.name)


def sync_timeout(name: str) -> GraphDefinitionError:
    """Make the error of a timeout on a node that can't be stopped."""
    return GraphDefinitionError(
        f"Node {name!r} has a timeout and is no async function; a thread can't be stopped. "
        f'Make it `async def`, or give it executor="process", or leave out timeout=.'
    )


def check_edge_ends(source: str, target: str) -> None:
    """An edge does not leave END or lead to START."""
    if source == END:
        raise GraphDefinitionError(
            f"The edge from END to {target!r} can't be: END is no source. Start it at a node."
        )
    if target == START:
        raise GraphDefinitionError(
            f"The edge from {source!r} to START can't be: START is no target. Lead it to a node."
        )


def check_join(sources: Sequence[str], target: str, nodes: Mapping[str, NodeSpec]) -> None:
    """A join's nodes exist when it is added."""
    edge = f"[{', '.join(map(repr, sources))}] -> {target!r}"
    if not sources:
        raise GraphDefinitionError(f"The join {edge} has no source. Name the nodes it waits for.")
    for source in sources:
        check_edge_ends(source, target)
        if source not in nodes:
            raise GraphDefinitionError(
                f"The join {edge} waits for {_unknown(source, nodes)} Add the node first."
            )
    if target != END and target not in nodes:
        raise GraphDefinitionError(f"The join {edge} leads to {_unknown(target, nodes)} Add the node first.")


def check_router_name(source: str, name: str, routers: Mapping[str, RouterSpec]) -> None:
    """A source's conditional edges have different names."""
    if name in routers:
        raise GraphDefinitionError(
            f"Node {source!r} has a conditional edge named {name!r} already. Give one of the functions another name."
        )


def check_edges(
    nodes: Mapping[str, NodeSpec],
    edges: Iterable[tuple[str, str]],
    joins: Iterable[tuple[tuple[str, ...], str]],
    routers: Mapping[str, Mapping[str, RouterSpec]],
) -> None:
    """Every edge starts and ends at what exists, and START leads somewhere."""
    pairs = [*edges, *((source, target) for sources, target in joins for source in sources)]
    for source, target in pairs:
        if source != START and source not in nodes:
            raise GraphDefinitionError(
                f"The edge {source!r} -> {target!r} starts at {_unknown(source, nodes)}"
            )
    for source in routers:
        if source != START and source not in nodes:
            raise GraphDefinitionError(f"A conditional edge starts at {_unknown(source, nodes)}")
    if START not in {source for source, _ in pairs} and not routers.get(START):
        raise GraphDefinitionError(
            "The graph has no entry: nothing leads from START. Add one with add_edge(START, <node>)."
        )
    for source, target in pairs:
        if target != END and target not in nodes:
            raise GraphDefinitionError(
                f"The edge {source!r} -> {target!r} leads to {_unknown(target, nodes)}"
            )
    _check_choices(nodes, routers)


def _check_choices(nodes: Mapping[str, NodeSpec], routers: Mapping[str, Mapping[str, RouterSpec]]) -> None:
    for source, specs in routers.items():
        for name, router in specs.items():
            for target in (router.targets or {}).values():
                if target != END and target not in nodes:
                    raise GraphDefinitionError(
                        f"The conditional edge {name!r} of node {source!r} may lead to {_unknown(target, nodes)}"
                    )
    for node in nodes.values():
        for target in node.destinations:
            if target != END and target not in nodes:
                raise GraphDefinitionError(
                    f"The destinations of node {node.name!r} name {_unknown(target, nodes)}"
                )


def check_interrupt_nodes(option: str, names: Sequence[str], nodes: Mapping[str, NodeSpec]) -> None:
    """Static interrupts stand at nodes that exist, or at all by `"*"`."""
    for name in names:
        if name != ALL_NODES and name not in nodes:
            raise GraphDefinitionError(f"{option} names {_unknown(name, nodes)}")


def _unknown(name: Any, nodes: Mapping[str, NodeSpec]) -> str:
    """Say that a node does not exist, which one may be meant, and which there are."""
    close = difflib.get_close_matches(str(name), nodes, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    names = ", ".join(sorted(nodes)) or "none"
    return f"{name!r}, which is no node of the graph.{meant} Its nodes: {names}."


def _word(name: str) -> str:
    return "start" if name == START else "end"
