"""The Writer's inbox: bounded, closable, taken from in groups."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from pykka import ActorDeadError
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.errors import InboxFullError
from actors.runtime.lifeline import Lifeline
from actors.runtime.report import ActorReport, ActorState
from actors.writer.messages import WriteRequest

__all__ = ["WRITER_CAPACITY", "WriterInbox"]

WRITER_CAPACITY = 10_000


class WriterInbox:
    """Any thread puts, the Writer's thread takes. A put is accepted or raises; it never waits."""

    def __init__(self) -> None:
        self.lifeline = Lifeline()
        self.processed = 0
        self.is_busy = False
        self._envelopes: deque[Envelope[Any]] = deque()
        self._condition = threading.Condition()
        self._is_closed = False
        self._refused = self._high_water = 0

    def put(self, envelope: Envelope[Any], /) -> None:
        """Accept a message. Raises InboxFullError at the bound and ActorDeadError once the Writer is gone."""
        with self._condition:
            if self._is_closed:
                raise ActorDeadError("The Writer has stopped; nothing can be written by this process any more.")
            depth = len(self._envelopes)
            if depth >= WRITER_CAPACITY and not isinstance(envelope.message, _ActorStop):
                self._refused += 1
                raise InboxFullError("Writer", depth)
            self._envelopes.append(envelope)
            self._high_water = max(self._high_water, depth + 1)
            self._condition.notify()

    def get(self) -> Envelope[Any]:
        """Wait for the next message and take it."""
        with self._condition:
            while not self._envelopes:
                self._condition.wait()
            return self._envelopes.popleft()

    def take_requests(self, first: WriteRequest, *, most: int, most_bytes: int) -> list[WriteRequest]:
        """Take the write requests that wait behind the first one, up to the bounds and to the next other message."""
        group, size = [first], first.operation.size_bytes
        with self._condition:
            while self._envelopes and len(group) < most and size < most_bytes:
                message = self._envelopes[0].message
                if not isinstance(message, WriteRequest):
                    break
                self._envelopes.popleft()
                group.append(message)
                size += message.operation.size_bytes
        return group

    def close(self) -> list[Envelope[Any]]:
        """Accept nothing more and hand back what was accepted and not taken."""
        with self._condition:
            self._is_closed = True
            left, self._envelopes = list(self._envelopes), deque()
        return left

    def empty(self) -> bool:
        """Part of Pykka's protocol."""
        return not self._envelopes

    def report(self) -> ActorReport:
        """Say how the Writer is. Any thread."""
        state = ActorState.STOPPED if self._is_closed else ActorState.BUSY if self.is_busy else ActorState.IDLE
        return ActorReport(
            urn="writer",
            name="Writer",
            state=state,
            depth=len(self._envelopes),
            capacity=WRITER_CAPACITY,
            high_water=self._high_water,
            oldest_age_seconds=None,
            processed=self.processed,
            refused=self._refused,
            current_message=None,
            current_age_seconds=None,
        )
