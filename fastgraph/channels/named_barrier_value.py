"""`NamedBarrierValue`: waits until every one of its names was written, over any steps. Its value is None then.

Joins of a graph (`add_edge([a, b], c)`) behave like this; the machine has them built in (`fastgraph.execution.routing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Self

from fastgraph.channels.base import MISSING, BaseChannel, Value
from fastgraph.errors import EmptyChannelError, InvalidUpdateError

__all__ = ["NamedBarrierValue", "NamedBarrierValueAfterFinish"]


class NamedBarrierValue(BaseChannel[Value, Value, Any], Generic[Value]):
    """Be available when all `names` were written, and begin anew when consumed."""

    __slots__ = ("names", "seen")

    def __init__(self, typ: Any, names: set[Value]) -> None:
        super().__init__(typ)
        self.names = names
        self.seen: set[Value] = set()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedBarrierValue) and other.names == self.names

    __hash__ = BaseChannel.__hash__

    def checkpoint(self) -> Any:
        return self.seen

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.names)
        made.key = self.key
        if checkpoint is not MISSING:
            made.seen = set(checkpoint)
        return made

    def get(self) -> Any:
        if not self.is_available():
            raise EmptyChannelError(f"The channel of key {self.key!r} is empty.")

    def is_available(self) -> bool:
        return self.seen == self.names

    def update(self, values: Sequence[Value]) -> bool:
        unknown = [value for value in values if value not in self.names]
        if unknown:
            raise InvalidUpdateError(
                f"Key {self.key!r} is a barrier and was written {unknown[0]!r}, which it does not wait for. "
                f"Its names: {', '.join(sorted(map(repr, self.names)))}."
            )
        before = len(self.seen)
        self.seen.update(values)
        return len(self.seen) > before

    def consume(self) -> bool:
        if not self.is_available():
            return False
        self.seen = set()
        return True


class NamedBarrierValueAfterFinish(NamedBarrierValue[Value], Generic[Value]):
    """The same, but available only after a step that made nothing else due."""

    __slots__ = ("finished",)

    def __init__(self, typ: Any, names: set[Value]) -> None:
        super().__init__(typ, names)
        self.finished = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedBarrierValueAfterFinish) and other.names == self.names

    __hash__ = BaseChannel.__hash__

    def checkpoint(self) -> Any:
        return (self.seen, self.finished)

    def from_checkpoint(self, checkpoint: Any) -> Self:
        made = type(self)(self.typ, self.names)
        made.key = self.key
        if checkpoint is not MISSING:
            seen, made.finished = checkpoint
            made.seen = set(seen)
        return made

    def is_available(self) -> bool:
        return self.finished and self.seen == self.names

    def consume(self) -> bool:
        if not super().consume():
            return False
        self.finished = False
        return True

    def finish(self) -> bool:
        if self.finished or self.seen != self.names:
            return False
        self.finished = True
        return True
