"""`LastValue`, what a key is without any annotation, and its form that shows itself only when nothing else is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError, InvalidUpdateError

__all__ = ["LastValue", "LastValueAfterFinish"]


class LastValue(BaseChannel[Value, Value, Value], Generic[Value]):
    """Keep the last write; a second one in the same step is an InvalidUpdateError."""

    holds_its_type = True
    __slots__ = ("value",)

    def __init__(self, typ: Any, key: str = "") -> None:
        super().__init__(typ, key)
        self.value: Any = MISSING

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LastValue)

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
        if not values:
            return False
        if len(values) > 1:
            raise InvalidUpdateError(
                f"Key {self.key!r} was written {len(values)} times in one step and can take one value only. "
                f"Give it a reducer: Annotated[<type>, <function of two values>]."
            )
        self.value = values[-1]
        return True


class LastValueAfterFinish(BaseChannel[Value, Value, tuple[Value, bool]], Generic[Value]):
    """Keep the last write, unseen until a step after which nothing is due."""

    __slots__ = ("finished", "value")

    def __init__(self, typ: Any, key: str = "") -> None:
        super().__init__(typ, key)
        self.value: Any = MISSING
        self.finished = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LastValueAfterFinish)

    __hash__ = BaseChannel.__hash__

    def checkpoint(self) -> Any:
        return MISSING if self.value is MISSING else (self.value, self.finished)

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.key)
        if checkpoint is not MISSING:
            made.value, made.finished = checkpoint
        return made

    def get(self) -> Value:
        if self.value is MISSING or not self.finished:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        value: Value = self.value
        return value

    def update(self, values: Sequence[Value]) -> bool:
        if not values:
            return False
        self.finished = False
        self.value = values[-1]
        return True

    def consume(self) -> bool:
        if not self.finished:
            return False
        self.finished = False
        self.value = MISSING
        return True

    def finish(self) -> bool:
        if self.finished or self.value is MISSING:
            return False
        self.finished = True
        return True
