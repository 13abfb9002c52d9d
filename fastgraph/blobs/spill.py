"""Values that are too large for a row stand in files, and a small tagged reference stands in their place.

    {"$type":"spilled","sha256":"…","size":300000,"preview":"…"}

The tag can't come from outside: a user's dict with a key "$type" is written as tagged pairs (`fastgraph.state.plain`).
Whoever builds a commit spills first, on a thread that may block; the rows then name the files, and readers resolve
them.
"""

from __future__ import annotations

from typing import Any

import orjson

from fastgraph import fault_points
from fastgraph.blobs.blobs import Blobs
from fastgraph.state.presentation import preview

__all__ = ["SPILLED", "Spill", "find_reference", "holds_reference"]

SPILLED = "spilled"
_MARK = b'"$type":"spilled"'


class Spill:
    """Spills and resolves. `states` keeps single values, `snapshots` the changes of whole checkpoints."""

    def __init__(self, *, states: Blobs, snapshots: Blobs, spill_bytes: int) -> None:
        self._states = states
        self._snapshots = snapshots
        self._spill_bytes = spill_bytes

    def shrink(self, encoded: bytes) -> bytes:
        """Return a value's JSON as it is, or a reference where it is larger than the limit. Blocks on the disk then."""
        return _shrink(self._states, encoded, self._spill_bytes)

    def shrink_snapshot(self, changes: bytes) -> bytes:
        """The same for the changes of a checkpoint as a whole."""
        return _shrink(self._snapshots, changes, self._spill_bytes)

    def resolve_value(self, tree: Any) -> Any:
        """Return a value's tree: what the reference stands for, or the tree itself. Raises BlobMissingError. Blocks."""
        reference = find_reference(tree)
        return tree if reference is None else orjson.loads(self._states.read(reference["sha256"]))

    def resolve_update(self, update: bytes) -> bytes:
        """Return an update (an object of key and value, or an array of such) with no reference left in it. Raises
        BlobMissingError. Blocks."""
        if not holds_reference(update):
            return update
        tree = orjson.loads(update)
        parts = [self._resolve_part(part) for part in (tree if isinstance(tree, list) else [tree])]
        return b"[" + b",".join(parts) + b"]" if isinstance(tree, list) else parts[0]

    def resolve_snapshot(self, changes: bytes) -> bytes:
        """Return the changes of a checkpoint, read from their file where they were spilled as a whole."""
        if not changes.startswith(b"{" + _MARK):
            return changes
        return self._snapshots.read(str(orjson.loads(changes)["sha256"]))

    def _resolve_part(self, part: Any) -> bytes:
        """Put files' bytes in as they are: a value of 50 MB is not parsed for that."""
        if not isinstance(part, dict):
            return orjson.dumps(part)
        pairs = []
        for key, value in part.items():
            reference = find_reference(value)
            whole = orjson.dumps(value) if reference is None else self._states.read(reference["sha256"])
            pairs.append(orjson.dumps(key) + b":" + whole)
        return b"{" + b",".join(pairs) + b"}"


def find_reference(tree: Any) -> dict[str, Any] | None:
    """Return a reference if the tree is one."""
    if isinstance(tree, dict) and tree.get("$type") == SPILLED:
        return tree
    return None


def holds_reference(encoded: bytes) -> bool:
    """Say whether bytes may hold a reference: quick, and never wrong when it says no."""
    return _MARK in encoded


def _shrink(blobs: Blobs, encoded: bytes, limit_bytes: int) -> bytes:
    if len(encoded) <= limit_bytes:
        return encoded
    fault_points.reach(fault_points.SPILL_WRITTEN)
    blob = blobs.put(encoded)
    fault_points.passed(fault_points.SPILL_WRITTEN)
    reference = {"$type": SPILLED, "sha256": blob.sha256, "size": blob.size, "preview": preview(encoded)}
    return orjson.dumps(reference)
