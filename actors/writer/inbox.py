"""The Writer's inbox: bounded, closable, taken from in groups.

A put is accepted or raises, and never waits. A stop closes it to new operations at once; what was accepted before is
still handed out, so that the Writer can write it, and only then do those who asked for the stop hear of it. The lock
that accepts is the lock that closes: nothing falls between.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.errors import ActorGoneError, InboxFullError
from actors.runtime.lifeline import Lifeline
from actors.runtime.report import ActorReport, ActorState
from actors.runtime.timings import bucket_of, no_counts
from actors.writer.messages import WriteRequest

__all__ = ["WRITER_CAPACITY", "WriterInbox"]

WRITER_CAPACITY = 10_000  # operations; at 3,000 a second that is three seconds behind


class WriterInbox:
    """Any thread puts, the Writer's thread takes."""

    def __init__(self) -> None:
        self.lifeline = Lifeline()
        self.processed = 0
        self.groups = 0
        self.timings = no_counts()
        self.busy_seconds = 0.0
        self._changed = threading.Condition(threading.Lock())
        self._requests: deque[WriteRequest] = deque()
        self._stops: list[Envelope[Any]] = []
        self._is_asleep = self._is_stopping = self._is_closed = False
        self._group_size = 0
        self._group_since = 0.0
        self._refused = self._high_water = 0

    def submit(self, request: WriteRequest) -> None:
        """Accept an operation. Raises InboxFullError at the bound and ActorGoneError once a stop was asked for."""
        with self._changed:
            if self._is_stopping or self._is_closed:
                self._refused += 1
                raise ActorGoneError("Writer", "is stopping" if not self._is_closed else "has stopped")
            depth = len(self._requests)
            if depth >= WRITER_CAPACITY:
                self._refused += 1
                raise InboxFullError("Writer", depth)
            self._requests.append(request)
            if depth >= self._high_water:
                self._high_water = depth + 1
            if self._is_asleep:
                self._changed.notify()

    def put(self, envelope: Envelope[Any], /) -> None:
        """Part of Pykka's protocol: take a stop. Raises TypeError for anything else, which has a WriterClient."""
        if not isinstance(envelope.message, _ActorStop):
            name = type(envelope.message).__name__
            raise TypeError(
                f"The Writer was sent a {name}; it takes operations from its WriterClient, and a stop."
            )
        with self._changed:
            if not self._is_closed:
                self._is_stopping = True
                self._stops.append(envelope)
                self._changed.notify()
                return
        if envelope.reply_to is not None:
            error = ActorGoneError("Writer")
            envelope.reply_to.set_exception((ActorGoneError, error, None))

    def take_group(self, *, most: int, most_bytes: int) -> list[WriteRequest] | None:
        """Wait for operations and take all that wait, at most `most` and `most_bytes` (and never none for its size).

        Answers None when a stop was asked for and all that was accepted has been taken. The Writer's thread only.
        """
        with self._changed:
            self._group_size = 0
            while not self._requests:
                if self._is_stopping:
                    return None
                self._is_asleep = True
                self._changed.wait()
                self._is_asleep = False
            requests = self._requests
            group = [requests.popleft()]
            size_bytes = group[0].size_bytes
            while (
                requests
                and len(group) < most
                and (size_bytes := size_bytes + requests[0].size_bytes) <= most_bytes
            ):
                group.append(requests.popleft())
            self._group_size, self._group_since = len(group), time.monotonic()
            return group

    def count_group(self, operations: int) -> None:
        """Note that a group has been answered."""
        self.processed += operations
        self.groups += 1
        took_seconds = time.monotonic() - self._group_since
        self.busy_seconds += took_seconds
        self.timings[bucket_of(took_seconds)] += 1

    def close(self) -> tuple[list[WriteRequest], list[Envelope[Any]]]:
        """Accept nothing more; hand back the operations that were not taken, and the stops that wait for the end."""
        with self._changed:
            self._is_closed = True
            left, self._requests = list(self._requests), deque()
            stops, self._stops = self._stops, []
        return left, stops

    def get(self) -> Envelope[Any]:
        """Part of Pykka's protocol, for its teardown, which has nothing to do here. Raises IndexError."""
        raise IndexError("The Writer's inbox is taken from in groups.")

    def empty(self) -> bool:
        """Part of Pykka's protocol."""
        return not self._requests and not self._stops

    def report(self) -> ActorReport:
        """Say how the Writer is, from any thread and without a lock."""
        now = time.monotonic()
        try:
            oldest: float | None = now - self._requests[0].put_at
        except IndexError:
            oldest = None
        size, reason = self._group_size, self.lifeline.reason
        return ActorReport(
            urn="writer",
            name="Writer",
            state=self._state(size),
            depth=len(self._requests),
            capacity=WRITER_CAPACITY,
            high_water=self._high_water,
            oldest_age_seconds=oldest,
            processed=self.processed,
            refused=self._refused,
            current_message=f"group of {size}" if size else None,
            current_age_seconds=now - self._group_since if size else None,
            timings=tuple(self.timings),
            busy_seconds=self.busy_seconds,
            error=str(reason) if reason is not None and reason.error is not None else None,
        )

    def _state(self, group_size: int) -> ActorState:
        if self._is_closed:
            return ActorState.STOPPED
        if self._is_stopping:
            return ActorState.STOPPING
        return ActorState.BUSY if group_size else ActorState.IDLE
