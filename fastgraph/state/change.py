"""One change of a key's value, and how it is applied.

    ["set", value]   ["append", items]   ["merge", changed keys]   ["merge", changed keys, removed keys]   ["drop"]

Applied to plain JSON trees, tags and all, so that reading a state back needs no user code. How a change is found is told
in `changes.py`, which is where everybody else takes these names from.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from fastgraph.state.values import StoredValue

__all__ = ["DROP", "Change", "ChangeKind", "apply_change"]


class ChangeKind(StrEnum):
    """The operations, by the words they are stored under."""

    SET = "set"
    APPEND = "append"
    MERGE = "merge"
    DROP = "drop"


class Change(NamedTuple):
    """One change; `operand` is its encoded JSON (null for DROP), `removed` the keys that a merge takes away."""

    kind: ChangeKind
    operand: bytes = b"null"
    removed: tuple[str, ...] = ()

    @classmethod
    def set_to(cls, value: StoredValue) -> Change:
        """Return the change to a value, whatever was there."""
        return cls(ChangeKind.SET, value.to_bytes())

    @property
    def weight(self) -> int:
        """How many bytes it stores."""
        return len(self.operand) + sum(len(key) + 3 for key in self.removed)

    def encode(self) -> bytes:
        """Return it as a JSON array."""
        if self.kind is ChangeKind.DROP:
            return b'["drop"]'
        if self.removed:
            return b'["%b",%b,%b]' % (self.kind.value.encode(), self.operand, orjson.dumps(self.removed))
        return b'["%b",%b]' % (self.kind.value.encode(), self.operand)

    def reference(self, seq: int) -> bytes | None:
        """Return it with a reference in the operand's place: the value that stands under the same key in the result
        whose event has the number `seq`. None where this kind of change has no such form."""
        if self.kind is ChangeKind.SET:
            return b'["@",%d]' % seq
        if self.kind is ChangeKind.APPEND:
            return b'["@a",%d]' % seq
        return None


DROP: Final = Change(ChangeKind.DROP)


def apply_change(tree: Any, change: list[Any]) -> Any:
    """Apply a change, parsed from its array, to a plain JSON tree and return the new one; both are used up."""
    kind = change[0]
    operand: Any = change[1] if len(change) > 1 else None
    if kind == ChangeKind.SET:
        return operand
    if kind == ChangeKind.APPEND:
        if tree is None or isinstance(tree, str):
            return operand if tree is None else tree + operand
        tree.extend(operand)
        return tree
    if kind == ChangeKind.MERGE:
        for key in change[2] if len(change) > 2 else ():
            tree.pop(key, None)
        tree.update(operand)
        return tree
    assert kind == ChangeKind.DROP, f"unknown change {kind!r}"
    return None
