"""The small integers that stand for the kinds of events in the `events` table.

A number is never given to another kind and never removed: rows outlive programs.
"""

from __future__ import annotations

from fastgraph.events import EventKind

__all__ = ["NODE_UPDATE_CODE", "STREAM", "STREAM_CODE", "code_of", "kind_of"]

STREAM = "stream"
STREAM_CODE = 0

_CODES: dict[str, int] = {
    STREAM: STREAM_CODE,
    EventKind.QUEUED: 1,
    EventKind.STARTED: 2,
    EventKind.RECOVERED: 3,
    EventKind.NODE_STARTED: 4,
    EventKind.NODE_UPDATE: 5,
    EventKind.NODE_RETRY: 6,
    EventKind.NODE_FAILED: 7,
    EventKind.CHECKPOINT: 8,
    EventKind.LOG: 9,
    EventKind.CUSTOM: 10,
    EventKind.TOKEN: 11,
    EventKind.PROGRESS: 12,
    EventKind.ARTIFACT: 13,
    EventKind.WARNING: 14,
    EventKind.INTERRUPTED: 15,
    EventKind.SLEEPING: 16,
    EventKind.RESUMED: 17,
    EventKind.SIGNAL: 18,
    EventKind.PAUSED: 19,
    EventKind.COMPLETED: 20,
    EventKind.FAILED: 21,
    EventKind.CANCELLED: 22,
    EventKind.QUARANTINED: 23,
    EventKind.WAITING: 24,
    EventKind.CHILD_STARTED: 25,
    EventKind.CHILD_ENDED: 26,
    EventKind.MIGRATED: 27,
    EventKind.UNPAUSED: 28,
}
_KINDS = {code: str(kind) for kind, code in _CODES.items()}
NODE_UPDATE_CODE = _CODES[EventKind.NODE_UPDATE]


def code_of(kind: str) -> int:
    """Return the number of a kind; KeyError for a kind that no program of this version knows."""
    return _CODES[kind]


def kind_of(code: int) -> str:
    """Return the kind of a number."""
    return _KINDS[code]
