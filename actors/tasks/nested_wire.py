"""What a run nested in a task process says and asks, as facts and pieces of bytes for the wire, and back.

Rows go as they are; only a checkpoint's changes are put into bytes in the host, which knows the numbers of the events that
they refer to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import orjson

from actors.runs.nested_store import Found
from actors.runs.outbox import Item, NestedCheckpoint, NestedResultWritten
from fastgraph.database.checkpoints import StoredCheckpoint
from fastgraph.database.nested import NestedResult
from fastgraph.database.records import CacheRow, CheckpointRow, NewEvent, ResultRow, TaskRecordRow
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.state.change import Change, ChangeKind

__all__ = ["decode_found", "decode_item", "decode_items", "encode_found", "encode_item", "encode_items"]

Encoded = tuple[dict[str, Any], list[bytes]]


def encode_items(items: Sequence[Item]) -> Encoded:
    """Put what a nested run hands in together into facts and parts."""
    rows: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for item in items:
        row, more = encode_item(item)
        rows.append({**row, "parts": len(more)})
        parts += more
    return {"items": rows}, parts


def decode_items(facts: Mapping[str, Any], parts: Sequence[bytes]) -> list[Item]:
    """The inverse of `encode_items`."""
    items: list[Item] = []
    first = 0
    for row in facts["items"]:
        items.append(decode_item(row, parts[first : first + row["parts"]]))
        first += row["parts"]
    return items


def encode_item(item: Item) -> Encoded:
    """Put what a nested run hands in into facts and parts."""
    match item:
        case NestedCheckpoint():
            return _encode_checkpoint(item)
        case NestedResultWritten():
            row, parts = _split(item.row)
            event, more = _split(item.event)
            return {"item": "result", "row": row, "event": event}, [*parts, *more]
        case _:
            row, parts = _split(item)
            return {"item": type(item).__name__, "row": row}, parts


def decode_item(facts: Mapping[str, Any], parts: Sequence[bytes]) -> Item:
    """The inverse of `encode_item`."""
    left = list(parts)
    kind, row = facts["item"], _join(facts["row"], left)
    match kind:
        case "checkpoint":
            return NestedCheckpoint(
                thread_key=facts["thread_key"],
                row=CheckpointRow(**row),
                changes=_read_changes(facts["changes"], left),
            )
        case "result":
            return NestedResultWritten(row=ResultRow(**row), event=NewEvent(**_join(facts["event"], left)))
        case "NewEvent":
            return NewEvent(**row)
        case "CacheRow":
            return CacheRow(**{**row, "namespace": tuple(row["namespace"])})
        case _:
            return TaskRecordRow(**row)


def encode_found(found: Found | None) -> list[bytes]:
    """Put what was read of a lineage into parts; none for nothing."""
    if found is None:
        return []
    stored, results, notes = found
    head, parts = _split(replace(stored, values={}))
    rows = []
    for result in results:
        row, more = _split(result)
        rows.append(row)
        parts += more
    facts = {"stored": head, "keys": list(stored.values), "results": rows, "notes": list(notes)}
    return [orjson.dumps(facts), *parts, *stored.values.values(), *notes.values()]


def decode_found(parts: Sequence[bytes]) -> Found | None:
    """The inverse of `encode_found`."""
    if not parts:
        return None
    facts, left = orjson.loads(parts[0]), list(parts[1:])
    head = _join(facts["stored"], left)
    results = [NestedResult(**_join(row, left)) for row in facts["results"]]
    head["values"] = {key: left.pop(0) for key in facts["keys"]}
    notes = {key: left.pop(0) for key in facts["notes"]}
    return StoredCheckpoint(**head), results, notes


def _encode_checkpoint(item: NestedCheckpoint) -> Encoded:
    row, parts = _split(item.row)
    changes = item.changes
    shown = None
    if changes is not None:
        shown = [
            [key, change.from_task, str(change.change.kind), change.change.removed]
            for key, change in changes.items()
        ]
        parts += [change.change.operand for change in changes.values()]
    return {"item": "checkpoint", "thread_key": item.thread_key, "row": row, "changes": shown}, parts


def _read_changes(shown: Sequence[Any] | None, left: list[bytes]) -> dict[str, KeyChange] | None:
    if shown is None:
        return None
    return {
        key: KeyChange(Change(ChangeKind(kind), left.pop(0), tuple(removed)), from_task)
        for key, from_task, kind, removed in shown
    }


def _split(row: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Take the bytes of a row apart from its other facts; moments become text."""
    facts: dict[str, Any] = {}
    parts: list[bytes] = []
    for name, value in asdict(row).items():
        if isinstance(value, bytes):
            facts[name] = {"part": True}
            parts.append(value)
        elif isinstance(value, datetime):
            facts[name] = {"moment": value.isoformat()}
        else:
            facts[name] = value
    return facts, parts


def _join(facts: Mapping[str, Any], left: list[bytes]) -> dict[str, Any]:
    """The inverse of `_split`; takes the row's parts from the front of `left`."""
    row: dict[str, Any] = {}
    for name, value in facts.items():
        if value == {"part": True}:
            row[name] = left.pop(0)
        elif isinstance(value, dict) and "moment" in value:
            row[name] = datetime.fromisoformat(value["moment"])
        else:
            row[name] = value
    return row
