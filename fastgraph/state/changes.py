"""What a checkpoint stores of a key: how its value differs from the one before, not the value again.

    ["set", value]   ["append", items]   ["merge", changed keys]   ["merge", changed keys, removed keys]   ["drop"]

Derived from the two values and never from what the reducer says it does, and applied to plain JSON trees, so that reading a
state back needs no user code. `apply_change(tree(a), diff(a, b)) == tree(b)`. An append to a long list costs what was
appended: a prefix of the very same items is not looked into, and small values are compared by their bytes.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from fastgraph.state.plain import TAG
from fastgraph.state.values import FRESH_COPY_BYTES, Codec, PlainCodec, StoredValue

__all__ = ["DROP", "Change", "ChangeKind", "apply_change", "diff", "needs_snapshot"]

MERGE_ABOVE_BYTES: Final = 512  # a smaller dict is set as a whole: naming what changed would not be shorter
SNAPSHOT_MIN_ROWS: Final = 64
ROW_BYTES: Final = 100  # what a row of the log weighs beside its changes


class ChangeKind(StrEnum):
    """The operations, by the words they are stored under."""

    SET = "set"
    APPEND = "append"
    MERGE = "merge"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `operand` is its encoded JSON (null for DROP), `removed` the keys that a merge takes away."""

    kind: ChangeKind
    operand: bytes = b"null"
    removed: tuple[str, ...] = ()

    @classmethod
    def set_to(cls, value: StoredValue) -> Change:
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


def diff(old: StoredValue | None, new: Any, codec: Codec) -> tuple[Change | None, StoredValue]:
    """Return how `new` differs from `old`, or None where it does not, and `new` as it will be carried.

    Costs about the size of the change where a large list grew or a large dict changed, else the size of `new`. Raises
    UnstorableValueError where something in `new` can't be stored.
    """
    if old is not None and old.size > FRESH_COPY_BYTES and type(old.value) is type(new):
        if type(new) is list and _has_prefix(new, old.value):
            return _append_to_large_list(old, new, codec)
        if type(new) is dict and isinstance(codec, PlainCodec) and _is_untagged(new):
            return _merge_into_large_dict(old, new, codec)
    value = StoredValue.of(new, codec)
    if old is None:
        return Change.set_to(value), value
    before, after = old.to_bytes(), value.to_bytes()
    if before == after:
        return None, value
    return _grown(before, after) or _merged(old, value) or Change(ChangeKind.SET, after), value


def _has_prefix(new: list[Any], old: list[Any]) -> bool:
    return len(new) >= len(old) and all(map(operator.is_, old, new))


def _append_to_large_list(old: StoredValue, new: list[Any], codec: Codec) -> tuple[Change | None, StoredValue]:
    tail = StoredValue.of(new[len(old.value) :], codec)
    if not tail.value:
        return None, old
    # The tail is what came back from its bytes, as every value that the run goes on with.
    value = StoredValue([*old.value, *tail.value], encoded=None, size=old.size + tail.size - 1, codec=codec)
    return Change(ChangeKind.APPEND, tail.to_bytes()), value


def _merge_into_large_dict(
    old: StoredValue, new: dict[str, Any], codec: Codec
) -> tuple[Change | None, StoredValue]:
    before = old.value
    missing = object()
    changed = {key: item for key, item in new.items() if before.get(key, missing) is not item}
    removed = tuple(key for key in before if key not in new)
    if not changed and not removed:
        return None, old
    part = StoredValue.of(changed, codec)
    value = StoredValue({**new, **part.value}, encoded=None, size=old.size + part.size, codec=codec)
    return Change(ChangeKind.MERGE, part.to_bytes(), removed), value


def _is_untagged(value: dict[Any, Any]) -> bool:
    return TAG not in value and all(type(key) is str for key in value)


def _grown(before: bytes, after: bytes) -> Change | None:
    """See a list or a text that begins with all of the old one, by their bytes."""
    opening, last = before[:1], len(before) - 1
    if opening == b"[":
        if before == b"[]":
            return Change(ChangeKind.APPEND, after) if after[:1] == b"[" else None
        if after.startswith(before[:last]) and after[last : last + 1] == b",":
            return Change(ChangeKind.APPEND, b"[" + after[last + 1 :])
    elif opening == b'"' and after[:1] == b'"' and after.startswith(before[:last]):
        return Change(ChangeKind.APPEND, b'"' + after[last:])
    return None


def _merged(old: StoredValue, new: StoredValue) -> Change | None:
    """See which keys of an object changed, by the bytes of each."""
    if new.size < MERGE_ABOVE_BYTES or old.to_bytes()[:1] != b"{" or new.to_bytes()[:1] != b"{":
        return None
    before, after = orjson.loads(old.to_bytes()), orjson.loads(new.to_bytes())
    if TAG in before or TAG in after:
        return None
    changed = {
        key: item for key, item in after.items() if key not in before or orjson.dumps(before[key]) != orjson.dumps(item)
    }
    change = Change(ChangeKind.MERGE, orjson.dumps(changed), tuple(key for key in before if key not in after))
    return change if change.weight < new.size else None


def apply_change(tree: Any, change: list[Any]) -> Any:
    """Apply a change, parsed from its array, to a plain JSON tree and return the new one; the old tree is used up."""
    kind: str = change[0]
    operand: Any = change[1] if len(change) > 1 else None
    if kind == ChangeKind.SET:
        return operand
    if kind == ChangeKind.APPEND:
        return operand if tree is None else tree + operand if isinstance(tree, str) else _extended(tree, operand)
    if kind == ChangeKind.MERGE:
        merged: dict[str, Any] = tree if isinstance(tree, dict) else {}
        for key in change[2] if len(change) > 2 else ():
            merged.pop(key, None)
        merged.update(operand or {})
        return merged
    assert kind == ChangeKind.DROP, f"unknown change {kind!r}"
    return None


def _extended(tree: list[Any], items: list[Any]) -> list[Any]:
    tree.extend(items)
    return tree


def needs_snapshot(*, log_bytes: int, log_rows: int, state_bytes: int) -> bool:
    """Say whether to store the whole state: where reading the changes since the last snapshot costs more than it.

    A list that only grows never needs one, since its log is as large as itself.
    """
    return log_rows >= SNAPSHOT_MIN_ROWS and log_bytes + ROW_BYTES * log_rows > 2 * state_bytes + ROW_BYTES * SNAPSHOT_MIN_ROWS


def weigh(changes: Mapping[str, Change]) -> int:
    """The bytes of a step's changes."""
    return sum(change.weight for change in changes.values())
