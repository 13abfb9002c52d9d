"""From the rows of checkpoints back to a state: pure, and about as costly as the state is large.

A checkpoint stores how each key changed. Going back from the wanted checkpoint along the parents, a key is done where
it was set anew, and all are where a snapshot stands; so values that were replaced later are neither fetched nor
parsed. Then the changes are applied forwards. A value that stands in a result is referred to by the number of that
result's event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from fastgraph.errors import StoreError
from fastgraph.state.changes import ChangeKind, apply_change

__all__ = ["Lineage", "Reference"]

# Mark of a reference -> the operation whose operand stands in the result.
_REFERENCES: Mapping[str, str] = {"@": ChangeKind.SET, "@a": ChangeKind.APPEND}
_ANEW = frozenset({"@", ChangeKind.SET, ChangeKind.DROP})


class Reference(NamedTuple):
    """Where a value stands: in the result of the run's event `seq`, under the key's own name."""

    run_key: int
    seq: int


class Lineage:
    """Collects changes from the newest checkpoint backwards, then builds the state. `log_bytes` and `log_rows` are what
    stands above the snapshot: the measure for the next one (`fastgraph.state.changes.needs_snapshot`)."""

    def __init__(self) -> None:
        self.log_bytes = 0
        self.log_rows = 0
        self._newest_first: dict[str, list[tuple[int, list[Any]]]] = {}
        self._done: set[str] = set()

    def add(self, *, run_key: int, changes: bytes, is_snapshot: bool) -> None:
        """Take the changes of the next older checkpoint."""
        if not is_snapshot:
            self.log_rows += 1
            self.log_bytes += len(changes)
        for key, change in orjson.loads(changes).items():
            if key not in self._done:
                self._newest_first.setdefault(key, []).append((run_key, change))
                if change[0] in _ANEW:
                    self._done.add(key)

    def references(self) -> set[Reference]:
        """Return the results that the state needs."""
        return {
            Reference(run_key, change[1])
            for changes in self._newest_first.values()
            for run_key, change in changes
            if change[0] in _REFERENCES
        }

    def build(self, updates: Mapping[Reference, Any], *, resolve: Callable[[Any], Any]) -> dict[str, bytes]:
        """Return each key's value as encoded JSON, tags and all. `updates` are the parsed results, `resolve` replaces the
        reference of a spilled value by the value. Raises StoreError where a result is missing."""
        state = {}
        for key, newest_first in self._newest_first.items():
            changes = [
                _look_up(change, run_key, key, updates, resolve) for run_key, change in reversed(newest_first)
            ]
            if changes[-1][0] != ChangeKind.DROP:
                state[key] = orjson.dumps(_fold(changes))
        return state


def _look_up(
    change: list[Any], run_key: int, key: str, updates: Mapping[Reference, Any], resolve: Callable[[Any], Any]
) -> list[Any]:
    """Return the change with its value in the place of the reference to a result or a file."""
    operation = change[0]
    if operation in _REFERENCES:
        return [_REFERENCES[operation], resolve(_find_value(updates, Reference(run_key, change[1]), key))]
    if len(change) > 1:
        return [operation, resolve(change[1]), *change[2:]]
    return change


def _fold(changes: Sequence[list[Any]]) -> Any:
    """Apply changes in order. Texts that were appended one after another are joined first, or a text that grew in a
    thousand steps would be copied a thousand times."""
    tree: Any = None
    for is_text, group in groupby(changes, key=_appends_text):
        if is_text:
            tree = (tree or "") + "".join(change[1] for change in group)
        else:
            for change in group:
                tree = apply_change(tree, change)
    return tree


def _appends_text(change: list[Any]) -> bool:
    return change[0] == ChangeKind.APPEND and isinstance(change[1], str)


def _find_value(updates: Mapping[Reference, Any], reference: Reference, key: str) -> Any:
    update = updates.get(reference)
    for part in reversed(update if isinstance(update, list) else [update]):
        if isinstance(part, dict) and key in part:
            return part[key]
    raise StoreError(
        f"A checkpoint refers to key {key!r} of event {reference.seq} of run {reference.run_key}, which the store does "
        "not have. Restore it from a backup."
    )
