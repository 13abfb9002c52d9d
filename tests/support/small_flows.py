"""Small workflows for tests of a host: a state that adds up what nodes did, and graphs of a few lines."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from fastgraph import END, START, RetryPolicy, StateGraph
from fastgraph.graph.compiled import CompiledGraph
from support.gates import Gate

Node = Callable[..., Any]


class Log(TypedDict, total=False):
    """What happened, by name, and whatever else a test wants to keep."""

    log: Annotated[list[Any], operator.add]
    value: Any
    count: int


def new_graph() -> Any:
    """An empty graph on this state."""
    return StateGraph(Log)


def chain(name: str, *nodes: Node, **compiled: Any) -> CompiledGraph:
    """START → the nodes in their order → END."""
    builder = new_graph()
    last = START
    for node in nodes:
        builder.add_node(node.__name__, node)
        builder.add_edge(last, node.__name__)
        last = node.__name__
    builder.add_edge(last, END)
    graph: CompiledGraph = builder.compile(name=name, **compiled)
    return graph


def parallel(name: str, *nodes: Node, last: Node | None = None, **compiled: Any) -> CompiledGraph:
    """All nodes in one step, and then `last`, which waits for them all."""
    builder = new_graph()
    for node in nodes:
        builder.add_node(node.__name__, node)
        builder.add_edge(START, node.__name__)
    if last is not None:
        builder.add_node(last.__name__, last)
        builder.add_edge([node.__name__ for node in nodes], last.__name__)
        builder.add_edge(last.__name__, END)
    graph: CompiledGraph = builder.compile(name=name, **compiled)
    return graph


def retrying(name: str, node: Node, policy: RetryPolicy) -> CompiledGraph:
    """One node that is tried again."""
    builder = new_graph()
    builder.add_node(node.__name__, node, retry_policy=policy)
    builder.add_edge(START, node.__name__)
    builder.add_edge(node.__name__, END)
    graph: CompiledGraph = builder.compile(name=name)
    return graph


def says(word: Any) -> Node:
    """A node that adds a word to the log."""

    def node(state: Log) -> dict[str, Any]:
        return {"log": [word]}

    node.__name__ = str(word)
    return node


def held_by(gate: Gate, name: str = "held", counts: Counter[str] | None = None) -> Node:
    """A node that counts that it has begun, waits at the gate, and adds its name to the log."""

    def node(state: Log) -> dict[str, Any]:
        if counts is not None:
            counts[name] += 1
        gate.pass_through()
        return {"log": [name]}

    node.__name__ = name
    return node
