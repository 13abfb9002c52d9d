"""From a row of `events` to the JSON objects that watchers get.

Pure: bytes in, bytes out. A value above 64 KB is not sent along: its size, hash, a preview and the URL of the whole
are. A row that stands for a batch of a stream becomes one object for each of its numbers.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import orjson

from fastgraph.blobs.spill import find_reference, holds_reference
from fastgraph.database.event_kinds import NODE_UPDATE_CODE, STREAM_CODE, kind_of
from fastgraph.database.times import micros_text
from fastgraph.events import assemble_event
from fastgraph.state.presentation import preview

__all__ = ["INLINE_BYTES", "EventRow", "Numbered", "expand_row", "summarise"]

INLINE_BYTES = 64 * 1024


class EventRow(NamedTuple):
    """A row of `events`, with the update of its result. `update` and `data` are None where they are above INLINE_BYTES
    and were summarised, as `summary` then says."""

    run_id: str
    seq: int
    seq_from: int | None
    kind: int
    at: int
    node: str | None
    data: bytes | None
    update: bytes | None
    summary: bytes | None = None


class Numbered(NamedTuple):
    """One event: its number, its kind and its JSON object."""

    seq: int
    kind: str
    encoded: bytes


def expand_row(row: EventRow) -> list[Numbered]:
    """Return the events that a row stands for, in order; none for a batch whose texts retention has removed."""
    if row.kind == STREAM_CODE:
        return _expand_batch(row)
    data = row.data
    if row.kind == NODE_UPDATE_CODE:
        data = _put_update(row)
    elif row.summary is not None:
        data = row.summary
    kind = kind_of(row.kind)
    encoded = assemble_event(
        kind=kind, run_id=row.run_id, seq=row.seq, at=micros_text(row.at), node=row.node, data=data
    )
    return [Numbered(row.seq, kind, encoded)]


def summarise(value: bytes, *, run_id: str, seq: int) -> bytes:
    """Return what is sent in place of a value that is too large."""
    summary = {
        "size": len(value),
        "sha256": hashlib.sha256(value).hexdigest(),
        "preview": preview(value),
        "url": _url(run_id, seq),
    }
    return orjson.dumps(summary)


def _put_update(row: EventRow) -> bytes | None:
    """Put the update of the result into the event's data, as `update`."""
    update = row.summary or row.update
    if update is None:
        return row.data
    if row.summary is None and holds_reference(update):
        update = orjson.dumps(_show_references(orjson.loads(update), _url(row.run_id, row.seq)))
    rest = b"}" if row.data is None or len(row.data) <= 2 else b"," + row.data[1:]
    return b'{"update":' + update + rest


def _show_references(update: Any, url: str) -> Any:
    """Turn the references of spilled values into what watchers know of large values."""
    if isinstance(update, list):
        return [_show_references(part, url) for part in update]
    if not isinstance(update, dict):
        return update
    shown = {}
    for key, value in update.items():
        found = find_reference(value)
        shown[key] = value if found is None else _show_reference(found, url)
    return shown


def _show_reference(found: dict[str, Any], url: str) -> dict[str, Any]:
    return {"size": found["size"], "sha256": found["sha256"], "preview": found.get("preview", ""), "url": url}


def _expand_batch(row: EventRow) -> list[Numbered]:
    if row.data is None:
        return []
    first = row.seq if row.seq_from is None else row.seq_from
    expanded = []
    for seq, part in enumerate(orjson.loads(row.data), start=first):
        data = None if part.get("data") is None else orjson.dumps(part["data"])
        if data is not None and len(data) > INLINE_BYTES:
            data = summarise(data, run_id=row.run_id, seq=seq)
        at = part.get("at") or micros_text(row.at)
        kind = str(part["event"])
        encoded = assemble_event(
            kind=kind, run_id=row.run_id, seq=seq, at=at, node=part.get("node", row.node), data=data
        )
        expanded.append(Numbered(seq, kind, encoded))
    return expanded


def _url(run_id: str, seq: int) -> str:
    return f"/api/runs/{run_id}/events/{seq}/update"
