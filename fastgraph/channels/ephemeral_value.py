"""`EphemeralValue`: a value for the next step and no longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError, InvalidUpdateError

__all__ = ["EphemeralValue"]


class EphemeralValue(BaseChannel[Value, Value, Value], Generic[Value]):
    """Keep a write until the next step; a step that writes nothing empties it.

    With `guard` a second write in the same step is an InvalidUpdateError, without it the last one counts.
    """

    holds_its_type = True
    __slots__ = ("guard", "value")

    def __init__(self, typ: Any, guard: bool = True) -> None:
        super().__init__(typ)
        self.guard = guard
        self.value: Any = MISSING

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EphemeralValue) and other.guard == self.guard

    __hash__ = BaseChannel.__hash__

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.guard)
        made.key = self.key
        made.value = checkpoint
        return made

    def get(self) -> Value:
        if self.value is MISSING:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        value: Value = self.value
        return value

    def update(self, values: Sequence[Value]) -> bool:
        if self.guard and len(values) > 1:
            raise InvalidUpdateError(
                f"Key {self.key!r} is an EphemeralValue and was written {len(values)} times in one step; it can receive "
                f"only one value per step. Use EphemeralValue(<type>, guard=False) to keep the last."
            )
        before = self.value
        self.value = values[-1] if values else MISSING
        return bool(values) or before is not MISSING
