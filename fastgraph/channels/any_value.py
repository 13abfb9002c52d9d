"""`AnyValue`: for writes of one step that are all the same, so that it does not matter whose is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError

__all__ = ["AnyValue"]


class AnyValue(BaseChannel[Value, Value, Value], Generic[Value]):
    """Keep the last of a step's writes until the next step; a step that writes nothing empties it."""

    holds_its_type = True
    __slots__ = ("value",)

    def __init__(self, typ: Any, key: str = "") -> None:
        super().__init__(typ, key)
        self.value: Any = MISSING

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyValue)

    __hash__ = BaseChannel.__hash__

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.key)
        made.value = checkpoint
        return made

    def get(self) -> Value:
        if self.value is MISSING:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        value: Value = self.value
        return value

    def update(self, values: Sequence[Value]) -> bool:
        before = self.value
        self.value = values[-1] if values else MISSING
        return bool(values) or before is not MISSING
