"""`BinaryOperatorAggregate`: a reducer as a channel, the long form of `Annotated[type, function]`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError
from fastgraph.state.reducers import fold, is_same_reducer, start_value

__all__ = ["BinaryOperatorAggregate"]


class BinaryOperatorAggregate(BaseChannel[Value, Value, Value], Generic[Value]):
    """Fold writes into the value with `operator(value, write)`, beginning with `typ()` where the type can be made so."""

    holds_its_type = True
    __slots__ = ("operator", "value")

    def __init__(self, typ: Any, operator: Callable[[Value, Value], Value]) -> None:
        super().__init__(typ)
        self.operator = operator
        self.value: Any = start_value(typ)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BinaryOperatorAggregate) and is_same_reducer(self.operator, other.operator)

    __hash__ = BaseChannel.__hash__

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.operator)
        made.key = self.key
        if checkpoint is not MISSING:
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
        self.value = fold(self.key, self.operator, self.value, values)
        return True
