"""One key's writes of a step, folded: reducers get copies of their own, and the change is found from what they made.

Calls the user's reducer, so it runs on a user thread. Functions of `operator` are known to change nothing and to keep
nothing; they get the values themselves, and an append through `operator.add` costs what was appended at any size.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Final, Protocol

from fastgraph.state.changes import Change, diff
from fastgraph.state.reducers import MISSING, Reducer, fold
from fastgraph.state.values import Codec, StoredValue

__all__ = ["FoldedKey", "fold_key"]

_PURE: Final[tuple[Any, ...]] = (
    operator.add,
    operator.concat,
    operator.or_,
    operator.and_,
    operator.mul,
    max,
    min,
)


class FoldedKey(Protocol):
    """What is needed of a key (`schema.KeySpec`)."""

    @property
    def name(self) -> str: ...
    @property
    def reducer(self) -> Reducer | None: ...
    @property
    def codec(self) -> Codec: ...
    def start_value(self) -> Any: ...


def fold_key(
    key: FoldedKey, current: StoredValue | None, writes: Sequence[StoredValue], *, strict: bool = False
) -> tuple[Change | None, StoredValue]:
    """Return how the writes, in order, change a key, or None where they do not, and its new value.

    Raises InvalidUpdateError for several writes without a reducer and for two Overwrites, UnstorableValueError, and
    what the reducer raises; nothing is changed then.
    """
    is_ours = key.reducer is None or any(key.reducer is function for function in _PURE)
    given = [write.value if is_ours else write.fresh() for write in writes]
    if current is None:
        before = MISSING if key.reducer is None else key.start_value()
    else:
        before = current.value if is_ours else current.fresh()
    after = fold(key.name, key.reducer, before, given)
    return diff(current, after, key.codec, is_ours=is_ours, strict=strict)
