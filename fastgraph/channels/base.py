"""`BaseChannel`: what a key of the state does with the writes of a step.

A channel stands in a state's annotation, as an instance or a class. The one that stands there is a pattern and never
holds a value: for each use a working copy is made of it with `from_checkpoint`, so a graph may be shared by threads. A
user's own subclass is user code: it is called where reducers are called, never by the machine. What `checkpoint`
returns is stored, so it is plain data or of types that the state knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

from fastgraph.errors import EmptyChannelError
from fastgraph.state.reducers import MISSING

__all__ = ["MISSING", "BaseChannel"]

Value = TypeVar("Value")
Update = TypeVar("Update")
Checkpoint = TypeVar("Checkpoint")


class BaseChannel(ABC, Generic[Value, Update, Checkpoint]):
    """One key's behaviour. `key` is the key's name while the channel is used, `typ` the type it was declared with."""

    __slots__ = ("key", "typ")

    is_channel: ClassVar[bool] = True
    holds_its_type: ClassVar[bool] = False
    """Whether what is written and kept is of the type that the key is declared with."""

    def __init__(self, typ: Any, key: str = "") -> None:
        self.typ = typ
        self.key = key

    def __hash__(self) -> int:
        # each its own, although lambdas make two channels equal: `typing` keeps what it has subscripted by hash and
        # equality, and would hand out the first of two equal channels for both
        return id(self)

    @property
    def ValueType(self) -> Any:  # noqa: N802 - LangGraph's name
        """The type of what `get` returns."""
        return self.typ

    @property
    def UpdateType(self) -> Any:  # noqa: N802 - LangGraph's name
        """The type of one write."""
        return self.typ

    def copy(self) -> Self:
        """Return a channel of its own with the same value."""
        return self.from_checkpoint(self.checkpoint())

    def checkpoint(self) -> Checkpoint | Any:
        """Return what is to be stored, by default the value; MISSING where there is nothing."""
        try:
            return self.get()
        except EmptyChannelError:
            return MISSING

    @abstractmethod
    def from_checkpoint(self, checkpoint: Checkpoint | Any) -> Self:
        """Return a new channel of the same kind with what was stored; an empty one for MISSING."""

    @abstractmethod
    def get(self) -> Value:
        """Return the value that nodes see. Raises EmptyChannelError where there is none."""

    def is_available(self) -> bool:
        """Say whether `get` would return something."""
        try:
            self.get()
        except EmptyChannelError:
            return False
        return True

    @abstractmethod
    def update(self, values: Sequence[Update]) -> bool:
        """Take the writes of one step, in the order of the tasks' paths, and say whether anything changed.

        Called with no writes in a step that did not write the key, if there is a value. Raises InvalidUpdateError for
        writes that can't be taken.
        """

    def consume(self) -> bool:
        """Learn that a node which waited for the channel has run; say whether anything changed. Keys have none."""
        return False

    def finish(self) -> bool:
        """Learn that nothing is due after this step; say whether anything changed."""
        return False
