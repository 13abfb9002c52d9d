"""The plan of a graph: its nodes, edges, joins and keys as plain data, which is all that the machine knows of it.

A compiled graph makes one plan; functions, types and reducers stay behind in `fastgraph.graph`. Names are sorted where
order matters, so that two processes with the same graph plan the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fastgraph.state.values import StoredValue

__all__ = ["END", "START", "GraphPlan", "JoinPlan", "KeyKind", "KeyPlan", "NodePlan", "join_name"]

START = "__start__"
END = "__end__"


class KeyKind(StrEnum):
    """What happens to the writes of one step to a key.

    LAST_VALUE takes one write a step and needs no code; REDUCER folds all of them with the user's function.
    """

    LAST_VALUE = "last_value"
    REDUCER = "reducer"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """One key of the state. `start_value` is what its reducer begins with, which it has before any write."""

    name: str
    kind: KeyKind = KeyKind.LAST_VALUE
    start_value: StoredValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """Where one node leads: `targets` are its static edges (END left out), `joins` the joins that wait for it.

    A deferred node runs only when a step triggered no other node by an edge.
    """

    name: str
    targets: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    has_routers: bool = False
    is_deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlan:
    """An edge from several nodes into one: `target` runs once when every one of `sources` was seen, over any steps."""

    name: str
    sources: frozenset[str]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPlan:
    """A whole graph. `nodes` holds START too. With `is_strict` an unknown goto or Send target is an error."""

    name: str
    nodes: Mapping[str, NodePlan]
    keys: Mapping[str, KeyPlan]
    joins: Mapping[str, JoinPlan] = field(default_factory=dict)
    is_strict: bool = False


def join_name(sources: tuple[str, ...] | list[str], target: str) -> str:
    """Name a join by what it joins, in the order of the edge, as LangGraph does.

    >>> join_name(("a", "b"), "c")
    'join:a+b:c'
    """
    return f"join:{'+'.join(sources)}:{target}"
