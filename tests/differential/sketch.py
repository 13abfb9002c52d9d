"""A whole program as plain data: a graph, what its nodes do, and the calls that are made on one thread.

Nothing here knows a library. A sketch prints itself with what differs from the defaults only, so that a small one that was
found can be kept as code.

A target is a node's name, `END`, `nowhere`, or `send:` and a node's name. A write is a key, with `!` behind it to replace
the value instead of adding to it.
"""

from dataclasses import dataclass, field, fields
from typing import Literal

__all__ = ["Called", "Move", "Node", "Program", "Router", "Saver", "Visit", "Way"]

Called = Literal["no", "as node", "inside", "inside twice"]
Returns = Literal["dict", "none", "command", "list", "parent", "number"]
Form = Literal["name", "list", "map", "flag"]
Saver = Literal["none", "memory", "inherit", "own"]
Way = Literal["stream", "invoke", "astream", "ainvoke"]
Kind = Literal["start", "go on", "answer all", "answer one", "answer", "update", "tell", "fork", "update old"]


class _Shown:
    __slots__ = ()

    def __repr__(self) -> str:
        shown = [
            f"{item.name}={getattr(self, item.name)!r}"
            for item in fields(self)  # type: ignore[arg-type]
            if getattr(self, item.name) != item.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Visit(_Shown):
    """What a node does one time: it fails, asks, then returns; `fails` counts executions, all that are tried again."""

    writes: tuple[str, ...] = ("log",)
    returns: Returns = "dict"
    goto: tuple[str, ...] = ()
    asks: int = 0
    fails: int = 0
    is_telling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Node(_Shown):
    """A node: each visit that it finds in the log leads to the next of `visits`, and the last is repeated.

    `attempts` is what a retry policy allows, 0 without one.
    """

    name: str
    visits: tuple[Visit, ...] = (Visit(),)
    defer: bool = False
    attempts: int = 0
    child: "Program | None" = None
    called: Called = "no"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Router(_Shown):
    """A conditional edge. What it sees chooses one of `options`; with `until` the first one, until `count` is as high."""

    source: str
    options: tuple[tuple[str, ...], ...]
    form: Form = "list"
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Move(_Shown):
    """A call. `number` chooses among what there is: a checkpoint of the history, a question."""

    kind: Kind
    keys: tuple[str, ...] = ()
    node: str | None = None
    goto: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Program(_Shown):
    """A graph and the calls on it; a child has no moves."""

    nodes: tuple[Node, ...]
    keys: tuple[str, ...] = ("log",)
    edges: tuple[tuple[str, str], ...] = ()
    joins: tuple[tuple[tuple[str, ...], str], ...] = ()
    routers: tuple[Router, ...] = ()
    stops_before: tuple[str, ...] = ()
    stops_after: tuple[str, ...] = ()
    saver: Saver = "memory"
    limit: int = 9
    moves: tuple[Move, ...] = field(default=(Move(kind="start"),))
    way: Way = "stream"
    modes: tuple[str, ...] = ()
    is_deep: bool = False
    durability: str = ""

    @property
    def is_async(self) -> bool:
        """Whether the program runs on a loop."""
        return self.way.startswith("a")
