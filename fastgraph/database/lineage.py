"""From the rows of checkpoints back to a state: pure, and about as costly as the state is large.

A checkpoint stores how each key changed. Going back from the wanted checkpoint along the parents, a key is done where
it was set anew, and all are where a snapshot stands; so values that were replaced later are neither fetched nor
parsed. Then the changes are applied forwards. A value that stands in a result is referred to by the number of that
result's event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from fastgraph.errors import StoreError

__all__ = ["Lineage", "Reference"]

SET = "set"
APPEND = "append"
MERGE = "merge"
# Mark of a reference -> the operation whose operand stands in the result.
_REFERENCES: Mapping[str, str] = {"@": SET, "@a": APPEND}


class Reference(NamedTuple):
    """Where a value stands: in the result of the run's event `seq`, under the key's own name."""

    run_key: int
    seq: int


class Lineage:
    """Collects changes from the newest checkpoint backwards, then builds the state."""

    def __init__(self) -> None:
        self._newest_first: dict[str, list[tuple[int, list[Any]]]] = {}
        self._done: set[str] = set()

    def add(self, *, run_key: int, changes: bytes) -> None:
        """Take the changes of the next older checkpoint."""
        for key, change in orjson.loads(changes).items():
            if key in self._done:
                continue
            self._newest_first.setdefault(key, []).append((run_key, change))
            if _REFERENCES.get(change[0], change[0]) == SET:
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
        """Return each key's value as encoded JSON, tags and all. `updates` are the parsed results, `resolve` replaces
        the reference of a spilled value by the value. Raises StoreError where a result is missing."""
        state = {}
        for key, changes in self._newest_first.items():
            tree = None
            for run_key, change in reversed(changes):
                operation, operand = change[0], change[1]
                if operation in _REFERENCES:
                    operation = _REFERENCES[operation]
                    operand = _find_value(updates, Reference(run_key, change[1]), key)
                tree = _apply(tree, operation, resolve(operand))
            state[key] = orjson.dumps(tree)
        return state


def _apply(tree: Any, operation: str, operand: Any) -> Any:
    """Apply one change to a plain tree, which is ours to change."""
    if operation == SET:
        return operand
    if operation == APPEND:
        if tree is None:
            return operand
        tree += operand
        return tree
    assert operation == MERGE, f"unknown change {operation!r}"
    tree = {} if tree is None else tree
    tree.update(operand)
    return tree


def _find_value(updates: Mapping[Reference, Any], reference: Reference, key: str) -> Any:
    update = updates.get(reference)
    for part in reversed(update if isinstance(update, list) else [update]):
        if isinstance(part, dict) and key in part:
            return part[key]
    raise StoreError(
        f"A checkpoint refers to key {key!r} of event {reference.seq} of run {reference.run_key}, which the store does "
        "not have. Restore it from a backup."
    )
