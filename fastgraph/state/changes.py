"""What a checkpoint stores of a key: how its value differs from the one before, not the value again.

A change is found from the two values alone; reducers are not asked what they did. The law, which
`tests/property/test_changes.py` tries to break: `apply_change(tree(a), diff(a, b))` is `tree(b)`, byte for byte and in the
same order of keys.

Up to `FRESH_COPY_BYTES` the new value is encoded and the bytes are compared, which sees every change, also one made in
place deep inside. `[a,b]` and `[a,b,c]` share all bytes of the first but its bracket, so an append is seen, and cut out,
without parsing anything. A larger value is not encoded as a whole: items that are the very same objects are taken as
unchanged and only the rest is looked at, so an append costs what was appended and step 1,000 is as quick as step 1.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from itertools import compress
from typing import Any, Final

import orjson

from fastgraph.state.change import DROP, Change, ChangeKind, apply_change
from fastgraph.state.values import FRESH_COPY_BYTES, Codec, StoredValue, is_strict_codec, starts_tagged

__all__ = ["DROP", "Change", "ChangeKind", "apply_change", "diff", "needs_snapshot", "weigh"]

MERGE_ABOVE_BYTES: Final = 512  # a smaller dict is set as a whole: naming what changed would not be shorter
ROW_BYTES: Final = 100  # what a row of the log weighs beside its changes
SNAPSHOT_MIN_BYTES: Final = (
    16 * 1024
)  # a log of twice that is read in a millisecond or two, whatever the state's size
SNAPSHOT_FACTOR: Final = (
    2  # the log of a list that only grows is about as large as the list: it needs no snapshot
)

_MISSING: Final = object()


def diff(
    old: StoredValue | None, new: Any, codec: Codec, *, is_ours: bool = False, strict: bool = False
) -> tuple[Change | None, StoredValue]:
    """Return how `new` differs from `old`, or None where it does not, and `new` as the state carries it.

    `is_ours` says that no user code ever held what `new` is made of, so identity can be believed at any size. With
    `strict` bytes are compared at any size, which also sees what was changed in place inside a large value. Raises
    UnstorableValueError where something in `new` can't be stored.
    """
    strict = strict or is_strict_codec(codec)
    if old is not None and (is_ours or old.size > FRESH_COPY_BYTES) and not strict:
        found = _diff_by_identity(old, new, codec)
        if found is not None:
            return found
    value = StoredValue.of(new, codec, is_ours=is_ours, is_strict=strict)
    if old is None:
        return Change.set_to(value), value
    before, after = old.to_bytes(), value.to_bytes()
    if before == after:
        return None, old
    return _find_append(before, after) or _find_merge(before, after) or Change(ChangeKind.SET, after), value


def needs_snapshot(*, log_bytes: int, log_rows: int, state_bytes: int) -> bool:
    """Say whether to store the whole state: where reading the changes since the last snapshot costs more than it.

    Snapshots stay below half of what the log itself costs, and a counter of a few bytes has one in hundreds of steps.
    """
    return log_bytes + ROW_BYTES * log_rows > SNAPSHOT_FACTOR * (state_bytes + SNAPSHOT_MIN_BYTES)


def weigh(changes: Mapping[str, Change]) -> int:
    """The bytes of a step's changes."""
    return sum(change.weight for change in changes.values())


def _diff_by_identity(old: StoredValue, new: Any, codec: Codec) -> tuple[Change | None, StoredValue] | None:
    """Compare a large value with the old one by its items' identity; None where that can't tell."""
    before = old.value
    kind = type(new)
    if kind is not type(before) or old.is_tagged:
        return None
    if kind is list and len(new) >= len(before) and all(map(operator.is_, before, new)):
        return _append_items(old, before, new[len(before) :], codec)
    if kind is str and new.startswith(before):
        return _append_text(old, before, new[len(before) :], codec)
    if kind is dict:
        return _merge_items(old, before, new, codec)
    return None


def _append_items(
    old: StoredValue, before: list[Any], tail: list[Any], codec: Codec
) -> tuple[Change | None, StoredValue] | None:
    if not tail:
        return None, old
    added = codec.encode(tail)
    if not added.startswith(b"["):
        return None
    # The tail goes on as what came back from its bytes, like every value, and the list is nobody else's.
    size = old.size + len(added) - 2 + bool(before)
    encoded = None
    if size <= FRESH_COPY_BYTES:
        encoded = b"%b,%b" % (old.to_bytes()[:-1], added[1:]) if before else added
    value = StoredValue([*before, *codec.decode(added)], encoded=encoded, size=size, codec=codec)
    return Change(ChangeKind.APPEND, added), value


def _append_text(
    old: StoredValue, before: str, tail: str, codec: Codec
) -> tuple[Change | None, StoredValue] | None:
    if not tail:
        return None, old
    added = codec.encode(tail)
    if not added.startswith(b'"'):
        return None
    value = StoredValue(before + tail, encoded=None, size=old.size + len(added) - 2, codec=codec)
    return Change(ChangeKind.APPEND, added), value


def _merge_items(
    old: StoredValue, before: dict[Any, Any], new: dict[Any, Any], codec: Codec
) -> tuple[Change | None, StoredValue] | None:
    changed, removed = _compare_items(before, new)
    is_in_order = list(before) == list(new) or _is_in_order(before, new)
    if not changed and not removed and is_in_order:
        return None, old
    if len(changed) * 2 > len(new) or not is_in_order or {*map(type, new)} != {str}:
        return None
    added = codec.encode(changed)
    gone = codec.encode({key: before[key] for key in (*changed, *removed) if key in before})
    if starts_tagged(added) or starts_tagged(gone) or not added.startswith(b"{"):
        return None
    # Each entry is as long as in a dict of its own, and has a comma: all but one, like the entries of any dict.
    size = old.size - (len(gone) - 1 if gone != b"{}" else 0) + (len(added) - 1 if changed else 0)
    value = StoredValue({**new, **codec.decode(added)}, encoded=None, size=size, codec=codec)
    return Change(ChangeKind.MERGE, added, removed), value


def _compare_items(before: dict[Any, Any], new: dict[Any, Any]) -> tuple[dict[Any, Any], tuple[Any, ...]]:
    """Return the items of `new` that are not the very same objects in `before`, and the keys it has no more."""
    if len(before) == len(new) and list(before) == list(new):
        moved = compress(new, map(operator.is_not, before.values(), new.values()))
        return {key: new[key] for key in moved}, ()
    changed = {key: item for key, item in new.items() if before.get(key, _MISSING) is not item}
    return changed, tuple(key for key in before if key not in new)


def _is_in_order(before: Iterable[Any], after: Mapping[Any, Any]) -> bool:
    """Say whether a merge leaves the keys in the order of `after`: those that were there first, in their order."""
    known = dict.fromkeys(before)
    expected = [key for key in known if key in after]
    return expected == list(after)[: len(expected)]


def _find_append(before: bytes, after: bytes) -> Change | None:
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


def _find_merge(before: bytes, after: bytes) -> Change | None:
    """See which keys of an object changed, by the bytes of each; None where naming them is not shorter."""
    if len(after) < MERGE_ABOVE_BYTES or before[:1] != b"{" or after[:1] != b"{":
        return None
    if starts_tagged(before) or starts_tagged(after):
        return None
    old, new = orjson.loads(before), orjson.loads(after)
    if not _is_in_order(old, new):
        return None
    changed = {key: item for key, item in new.items() if key not in old or not _is_equal(old[key], item)}
    change = Change(ChangeKind.MERGE, orjson.dumps(changed), tuple(key for key in old if key not in new))
    return change if change.weight < len(after) else None


def _is_equal(one: Any, other: Any) -> bool:
    """Compare trees by their bytes where `==` can't tell: 1 == 1.0 == True, and dicts in another order."""
    return bool(one == other) and orjson.dumps(one) == orjson.dumps(other)
