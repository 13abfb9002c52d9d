"""The plan of a graph: its nodes, edges, joins and keys as plain data, which is all that the machine knows of it.

A compiled graph makes one plan; functions, types and reducers stay behind in `fastgraph.graph`. Names are sorted where
order matters, so that two processes with the same graph plan the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fastgraph.execution.regions import Regions
from fastgraph.execution.tasks import DueTask, TaskKind
from fastgraph.state.values import StoredValue

__all__ = [
    "END",
    "FOLDED_KINDS",
    "START",
    "GraphPlan",
    "JoinPlan",
    "KeyKind",
    "KeyPlan",
    "NodePlan",
    "join_name",
]

START = "__start__"
END = "__end__"


class KeyKind(StrEnum):
    """What happens to the writes of one step to a key, and to a key that a step does not write.

    Without code: LAST_VALUE takes one write a step, EPHEMERAL too and is empty after a step without one, ANY_VALUE is
    empty then as well and takes the last of several; UNTRACKED and UNTRACKED_ANY are kept in memory and never stored.
    With code, run as `fold` work: REDUCER folds the writes into the value, TOPIC makes a value of a step's writes and is
    empty after a step without any, CHANNEL is the user's own and is asked at every step.
    """

    LAST_VALUE = "last_value"
    REDUCER = "reducer"
    EPHEMERAL = "ephemeral"
    ANY_VALUE = "any_value"
    UNTRACKED = "untracked"
    UNTRACKED_ANY = "untracked_any"
    TOPIC = "topic"
    CHANNEL = "channel"

    @property
    def is_single(self) -> bool:
        """Whether a second write in one step is an error."""
        return self in _SINGLE

    @property
    def is_cleared(self) -> bool:
        """Whether a step that does not write it empties it."""
        return self in _CLEARED

    @property
    def is_untracked(self) -> bool:
        """Whether it is never stored."""
        return self in _UNTRACKED


FOLDED_KINDS = frozenset({KeyKind.REDUCER, KeyKind.TOPIC, KeyKind.CHANNEL})
_SINGLE = frozenset({KeyKind.LAST_VALUE, KeyKind.EPHEMERAL, KeyKind.UNTRACKED})
_CLEARED = frozenset({KeyKind.EPHEMERAL, KeyKind.ANY_VALUE, KeyKind.TOPIC})
_UNTRACKED = frozenset({KeyKind.UNTRACKED, KeyKind.UNTRACKED_ANY})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """One key of the state. `start_value` is what its reducer begins with, which it has before any write."""

    name: str
    kind: KeyKind = KeyKind.LAST_VALUE
    start_value: StoredValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """Where one node leads: `targets` are its static edges (END left out), `joins` the joins that wait for it.

    A deferred node runs only when a step triggered no other node by an edge. `choices` are the nodes that its routers
    and Commands may choose, None where they may choose any; only a dataflow graph asks.
    """

    name: str
    targets: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    has_routers: bool = False
    is_deferred: bool = False
    choices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlan:
    """An edge from several nodes into one: `target` runs once when every one of `sources` was seen, over any steps."""

    name: str
    sources: frozenset[str]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPlan:
    """A whole graph. `nodes` holds START too. With `is_strict` an unknown goto or Send target is an error.

    `regions` are there where it is a dataflow graph (`dataflow.py`).

    `folded_keys` are those whose writes need code; `cleared_keys` and `channel_keys` change in a step which does not
    write them, and are sorted. `pulled` is the task that an edge to each node makes; `is_plain` says that where a task
    leads depends on nothing but what it chose: there are no joins, no deferred nodes and no channels of the user's own.
    """

    name: str
    nodes: Mapping[str, NodePlan]
    keys: Mapping[str, KeyPlan]
    joins: Mapping[str, JoinPlan] = field(default_factory=dict)
    is_strict: bool = False
    begins_directly: bool = False
    collects_interrupts: bool = False
    regions: Regions | None = None
    folded_keys: frozenset[str] = field(init=False)
    cleared_keys: tuple[str, ...] = field(init=False)
    channel_keys: tuple[str, ...] = field(init=False)
    has_deferred: bool = field(init=False)
    is_plain: bool = field(init=False)
    pulled: Mapping[str, DueTask] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        folded = frozenset(name for name, key in self.keys.items() if key.kind in FOLDED_KINDS)
        cleared = sorted(name for name, key in self.keys.items() if key.kind.is_cleared)
        channels = sorted(name for name, key in self.keys.items() if key.kind is KeyKind.CHANNEL)
        object.__setattr__(self, "folded_keys", folded)
        object.__setattr__(self, "cleared_keys", tuple(cleared))
        object.__setattr__(self, "channel_keys", tuple(channels))
        has_deferred = any(node.is_deferred for node in self.nodes.values())
        object.__setattr__(self, "has_deferred", has_deferred)
        object.__setattr__(self, "is_plain", not self.joins and not has_deferred and not channels)
        pulled = {
            name: DueTask(node=name, kind=TaskKind.PULL, triggers=(f"branch:to:{name}",))
            for name in self.nodes
            if name != START
        }
        object.__setattr__(self, "pulled", pulled)


def join_name(sources: tuple[str, ...] | list[str], target: str) -> str:
    """Name a join by what it joins, in the order of the edge, as LangGraph does.

    >>> join_name(("a", "b"), "c")
    'join:a+b:c'
    """
    return f"join:{'+'.join(sources)}:{target}"
