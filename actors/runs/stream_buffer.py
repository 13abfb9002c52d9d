"""What a run's nodes say while they run, gathered into batches.

Tokens, log lines, progress and custom events come from user threads, as fast as they like; the run actor takes them as one
stream row at most every `FLUSH_SECONDS`, or earlier when `FLUSH_BYTES` have come together, so that talkative nodes cost
commits by time and not by token. A writer that is `LIMIT_BYTES` ahead of the store waits: that is the bound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import orjson

from fastgraph.clock import Clock, to_rfc3339
from fastgraph.database.records import NewEvent
from fastgraph.events import EventKind

__all__ = [
    "FLUSH_BYTES",
    "FLUSH_SECONDS",
    "LIMIT_BYTES",
    "QUIET_FLUSH_SECONDS",
    "STREAM_KIND",
    "StreamBuffer",
]

FLUSH_SECONDS = 0.05
QUIET_FLUSH_SECONDS = 0.005
FLUSH_BYTES = 64 * 1024
LIMIT_BYTES = 8 * 1024**2
LIMIT_WAIT_SECONDS = 5.0
STREAM_KIND = "stream"


class StreamBuffer:
    """Thread-safe. `on_first` is called when the buffer stops being empty, `on_full` when it is over FLUSH_BYTES, each once
    until the buffer is taken: a flood of lines must not become a flood of messages."""

    def __init__(self, clock: Clock, on_first: Callable[[], object], on_full: Callable[[], object]) -> None:
        self._clock = clock
        self._on_first = on_first
        self._on_full = on_full
        self._items: list[bytes] = []
        self._bytes = 0
        self._first_at: datetime | None = None
        self._condition = threading.Condition()
        self._is_full = False
        self._is_closed = False

    def add(self, kind: EventKind, node: str, data: bytes) -> None:
        """Add one event; `data` is its JSON value. After `close` it is dropped: its attempt is over."""
        now = self._clock.now()
        item = b'{"event":"%b","node":%b,"at":"%b","data":%b}' % (
            kind.value.encode(),
            orjson.dumps(node),
            to_rfc3339(now).encode(),
            data,
        )
        with self._condition:
            if self._bytes + len(item) > LIMIT_BYTES:
                self._condition.wait_for(lambda: self._bytes == 0 or self._is_closed, LIMIT_WAIT_SECONDS)
            if self._is_closed:
                return
            is_first = not self._items
            self._first_at = self._first_at or now
            self._items.append(item)
            self._bytes += len(item)
            becomes_full = self._bytes >= FLUSH_BYTES and not self._is_full
            self._is_full = self._is_full or becomes_full
        if becomes_full:
            self._on_full()
        elif is_first:
            self._on_first()

    def take(self) -> NewEvent | None:
        """Take all that has come together as one event row, or None."""
        with self._condition:
            items, self._items, self._bytes, self._is_full = self._items, [], 0, False
            first_at, self._first_at = self._first_at, None
            self._condition.notify_all()
        if not items or first_at is None:
            return None
        return NewEvent(kind=STREAM_KIND, at=first_at, data=b"[" + b",".join(items) + b"]", covers=len(items))

    def close(self) -> None:
        """Forget what has not been taken, let nobody wait any more, and take nothing in."""
        with self._condition:
            self._is_closed = True
            self._items = []
            self._condition.notify_all()
