"""Values that are never stored: what an `UntrackedValue` holds, and a Send's argument that has such a value in it.

They are handed on as the objects they are, so they need not be storable, and live in this process only. Whoever stores
a state leaves out what is not `is_tracked`.
"""

from __future__ import annotations

from typing import Any

from fastgraph.state.values import PLAIN, StoredValue

__all__ = ["HeldValue", "PartlyHeld"]


class HeldValue(StoredValue):
    """An object as it is. Its bytes are null's and its size is none; every reader gets the object itself."""

    __slots__ = ()

    is_tracked = False

    def __init__(self, value: Any) -> None:
        super().__init__(value, encoded=b"null", codec=PLAIN)
        self.size = 0

    def fresh(self) -> Any:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeldValue) and other._value is self._value

    __hash__ = StoredValue.__hash__


class PartlyHeld(StoredValue):
    """A dict of which some entries are held: its bytes are without them, its readers in this process see them."""

    __slots__ = ("_held", "kept")

    def __init__(self, kept: StoredValue, held: dict[str, Any]) -> None:
        super().__init__(kept.value, encoded=kept.to_bytes(), codec=kept.codec)
        self.kept = kept
        self._held = held

    def fresh(self) -> Any:
        return {**super().fresh(), **self._held}
