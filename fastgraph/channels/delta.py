"""`DeltaChannel`: a reducer that is handed all writes of a step at once.

LangGraph needs it so that a growing list is not stored whole at every step. Our storage is linear for every key, so here
it differs from a reducer in its signature only, and `snapshot_frequency` is taken and not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError, InvalidUpdateError
from fastgraph.state.overwrite import find_overwrite
from fastgraph.state.reducers import is_same_reducer, start_value

__all__ = ["DeltaChannel"]


class DeltaChannel(BaseChannel[Any, Any, Any], Generic[Value]):
    """Fold writes into the value with `reducer(value, writes)`, beginning with `typ()`.

    An `Overwrite` replaces the value and drops the step's other writes. Raises ValueError for a `snapshot_frequency`
    below 1.
    """

    holds_its_type = True
    __slots__ = ("reducer", "snapshot_frequency", "value")

    def __init__(
        self, reducer: Callable[[Any, Sequence[Any]], Any], typ: Any = None, *, snapshot_frequency: int = 100
    ) -> None:
        if snapshot_frequency <= 0:
            raise ValueError(f"snapshot_frequency is {snapshot_frequency}. It must be a positive int.")
        super().__init__(list if typ is None else typ)
        self.reducer = reducer
        self.snapshot_frequency = snapshot_frequency
        self.value: Any = MISSING

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DeltaChannel)
            and other.snapshot_frequency == self.snapshot_frequency
            and is_same_reducer(self.reducer, other.reducer)
        )

    __hash__ = BaseChannel.__hash__

    def with_type(self, typ: Any) -> Self:
        """Return the same channel for another type: the one that it annotates."""
        return type(self)(self.reducer, typ, snapshot_frequency=self.snapshot_frequency)

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = self.with_type(self.typ)
        made.key = self.key
        made.value = start_value(self.typ) if checkpoint is MISSING else checkpoint
        return made

    def checkpoint(self) -> Any:
        """Return the value; how little of it has to be written is found from what changed."""
        return self.value

    def get(self) -> Any:
        if self.value is MISSING:
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")
        return self.value

    def update(self, values: Sequence[Any]) -> bool:
        if not values:
            return False
        overwrites = [found for write in values if (found := find_overwrite(write)) is not None]
        if len(overwrites) > 1:
            raise InvalidUpdateError(
                f"Key {self.key!r} was given {len(overwrites)} Overwrites in one step and can take one only."
            )
        if overwrites:
            told = overwrites[0].value
            self.value = start_value(self.typ) if told is None else told
        else:
            before = start_value(self.typ) if self.value is MISSING else self.value
            self.value = self.reducer(before, list(values))
        return True
