"""Events: what a run tells its watchers, numbered 1, 2, 3 … by whoever owns the run.

An event goes out as `{"event", "run_id", "seq", "at", "node"?, "data"?}` (DESIGN section 6). It is put together as bytes
from parts that are encoded already, once for all watchers.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import orjson

from fastgraph.clock import to_rfc3339

__all__ = ["STREAMED", "TERMINAL", "EventKind", "assemble_event"]


class EventKind(StrEnum):
    """The words of the feed."""

    QUEUED = "queued"
    STARTED = "started"
    RECOVERED = "recovered"
    NODE_STARTED = "node_started"
    NODE_UPDATE = "node_update"
    NODE_RETRY = "node_retry"
    NODE_FAILED = "node_failed"
    CHECKPOINT = "checkpoint"
    LOG = "log"
    CUSTOM = "custom"
    TOKEN = "token"  # noqa: S105 - the word for a piece of text, no secret
    PROGRESS = "progress"
    ARTIFACT = "artifact"
    WARNING = "warning"
    INTERRUPTED = "interrupted"
    SLEEPING = "sleeping"
    WAITING = "waiting"
    RESUMED = "resumed"
    SIGNAL = "signal"
    CHILD_STARTED = "child_started"
    CHILD_ENDED = "child_ended"
    MIGRATED = "migrated"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


TERMINAL = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.CANCELLED, EventKind.QUARANTINED})
STREAMED = frozenset({EventKind.LOG, EventKind.CUSTOM, EventKind.TOKEN, EventKind.PROGRESS})


def assemble_event(
    *,
    kind: str,
    run_id: str,
    seq: int,
    at: datetime | str,
    node: str | None,
    data: bytes | None,
    cursor: int | None = None,
) -> bytes:
    """Return one event as a JSON object; `data` is an encoded JSON value or None."""
    parts = [
        b'{"event":"',
        kind.encode(),
        b'","run_id":"',
        run_id.encode(),
        b'","seq":',
        str(seq).encode(),
        b',"at":"',
        (at if isinstance(at, str) else to_rfc3339(at)).encode(),
        b'"',
    ]
    if node is not None:
        parts += [b',"node":', orjson.dumps(node)]
    if data is not None:
        parts += [b',"data":', data]
    if cursor is not None:
        parts += [b',"cursor":', str(cursor).encode()]
    parts.append(b"}")
    return b"".join(parts)
