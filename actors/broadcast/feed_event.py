"""A committed event on its way out: encoded once, then shared by all who watch.

The messages for the sockets are made at the first demand and kept with the event, so a thousand watchers cost one
encoding. A place in the feed of all runs is one integer, the *cursor*: the row's number and, in its low bits, which
event of the row it is (one row may hold a batch of a stream), so that a watcher that resumes has no hole and no double.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastgraph.events import TERMINAL

__all__ = [
    "CURSOR_SHIFT",
    "HEARTBEAT_SSE",
    "HEARTBEAT_WEBSOCKET",
    "FeedEvent",
    "Message",
    "cursor_of",
    "row_of_cursor",
]

Message = MutableMapping[str, Any]

CURSOR_SHIFT = 16  # a row holds at most 65,535 events; JavaScript's integers leave 37 bits for rows

HEARTBEAT_WEBSOCKET: Message = {"type": "websocket.send", "text": '{"event":"heartbeat"}'}
HEARTBEAT_SSE: Message = {"type": "http.response.body", "body": b": heartbeat\n\n", "more_body": True}

_TERMINAL = frozenset(str(kind) for kind in TERMINAL)


def cursor_of(row: int, index: int) -> int:
    """Name event `index` (0, 1 …) of a row of the feed."""
    return row << CURSOR_SHIFT | index


def row_of_cursor(cursor: int) -> int:
    """Return the row that a cursor lies in."""
    return cursor >> CURSOR_SHIFT


class FeedEvent:
    """One event: `body` is its JSON object. `seq_from` differs from `seq` only where it stands for a gap."""

    __slots__ = (
        "_all_runs",
        "_sse",
        "_websocket",
        "body",
        "cursor",
        "is_terminal",
        "kind",
        "run_id",
        "seq",
        "seq_from",
    )

    def __init__(
        self, *, run_id: str, seq: int, kind: str, cursor: int, body: bytes, seq_from: int | None = None
    ) -> None:
        self.run_id = run_id
        self.seq = seq
        self.seq_from = seq if seq_from is None else seq_from
        self.kind = kind
        self.cursor = cursor
        self.body = body
        self.is_terminal = kind in _TERMINAL
        self._websocket: Message | None = None
        self._all_runs: Message | None = None
        self._sse: Message | None = None

    def websocket(self) -> Message:
        """The message for a WebSocket that watches one run."""
        if self._websocket is None:
            self._websocket = {"type": "websocket.send", "text": self.body.decode()}
        return self._websocket

    def all_runs(self) -> Message:
        """The message for a WebSocket that watches all runs: the event and its cursor."""
        if self._all_runs is None:
            self._all_runs = {
                "type": "websocket.send",
                "text": f'{self.body[:-1].decode()},"cursor":{self.cursor}}}',
            }
        return self._all_runs

    def sse(self) -> Message:
        """The chunk of an event stream; a gap has no id, since it is no event."""
        if self._sse is None:
            is_event = self.seq_from == self.seq
            head = f"id: {self.seq}\nevent: {self.kind}\n" if is_event else f"event: {self.kind}\n"
            chunk = head.encode() + b"data: " + self.body + b"\n\n"
            self._sse = {"type": "http.response.body", "body": chunk, "more_body": True}
        return self._sse
