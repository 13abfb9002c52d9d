"""`UntrackedValue`: a value that lives as long as the run does in this process, and is never stored.

It may be anything, a connection or a lock: it is handed on as the object it is. After a resume or a crash it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError, InvalidUpdateError

__all__ = ["UntrackedValue"]


class UntrackedValue(BaseChannel[Value, Value, Value], Generic[Value]):
    """Keep the last write in memory only. With `guard` a second one in the same step is an InvalidUpdateError."""

    holds_its_type = True
    __slots__ = ("guard", "value")

    def __init__(self, typ: Any, guard: bool = True) -> None:
        super().__init__(typ)
        self.guard = guard
        self.value: Any = MISSING

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntrackedValue) and other.guard == self.guard

    __hash__ = BaseChannel.__hash__

    def copy(self) -> Self:
        made = self.from_checkpoint(MISSING)
        made.value = self.value
        return made

    def checkpoint(self) -> Any:
        return MISSING

    def from_checkpoint(self, checkpoint: Any) -> Self:  # noqa: ARG002 - nothing was stored
        made = type(self)(self.typ, self.guard)
        made.key = self.key
        return made

    def get(self) -> Value:
        if self.value is MISSING:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        value: Value = self.value
        return value

    def update(self, values: Sequence[Value]) -> bool:
        if not values:
            return False
        if self.guard and len(values) > 1:
            raise InvalidUpdateError(
                f"Key {self.key!r} is an UntrackedValue and was written {len(values)} times in one step; it can receive "
                f"only one value per step. Use UntrackedValue(<type>, guard=False) to keep the last."
            )
        self.value = values[-1]
        return True
