"""`Topic`: a list that every task of a step may add to, one item or a list of items at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError

__all__ = ["Topic", "flatten"]


def flatten(writes: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of the writes: those of a list one by one.

    >>> list(flatten(["a", ["b", "c"], []]))
    ['a', 'b', 'c']
    """
    for write in writes:
        if isinstance(write, list):
            yield from write
        else:
            yield write


class Topic(BaseChannel[Sequence[Value], Value | list[Value], list[Value]], Generic[Value]):
    """Keep a step's items for the next step, or with `accumulate` all items for ever. Without items there is no value."""

    __slots__ = ("accumulate", "values")

    def __init__(self, typ: Any, accumulate: bool = False) -> None:
        super().__init__(typ)
        self.accumulate = accumulate
        self.values: list[Value] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topic) and other.accumulate == self.accumulate

    __hash__ = BaseChannel.__hash__

    @property
    def ValueType(self) -> Any:  # noqa: N802 - LangGraph's name
        return Sequence[self.typ]  # type: ignore[name-defined]

    @property
    def UpdateType(self) -> Any:  # noqa: N802 - LangGraph's name
        return self.typ | list[self.typ]  # type: ignore[name-defined]

    def checkpoint(self) -> Any:
        return self.values

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.accumulate)
        made.key = self.key
        if checkpoint is not MISSING:
            made.values = list(checkpoint)
        return made

    def get(self) -> Sequence[Value]:
        if not self.values:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        return list(self.values)

    def is_available(self) -> bool:
        return bool(self.values)

    def update(self, values: Sequence[Value | list[Value]]) -> bool:
        had_items = bool(self.values) and not self.accumulate
        if not self.accumulate:
            self.values = []
        items = list(flatten(values))
        self.values.extend(items)
        return had_items or bool(items)
