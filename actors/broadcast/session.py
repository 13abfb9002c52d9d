"""A session: one watcher, its place in the log, and how it comes from there to now.

While it is *live* the broadcaster sends to it directly. A send that has to wait makes it *held*: further events go
into a short queue, and past that it is *behind* and is served from the log again, at its own pace. It never slows
another and never needs more memory than its queue or a page of the log, and one that takes nothing needs one message.
Events are compared with the session's place whatever way they came,
so each is sent once and in order. `deliver` runs in the task of the watcher's connection, everything else is called on
the same loop by the broadcaster.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Protocol

from actors.broadcast.feed_event import FeedEvent, Message
from actors.broadcast.stepping import Suspended, begin

__all__ = ["Ending", "ReadPage", "Send", "Session", "Watched", "all_runs", "one_run"]

QUEUE_EVENTS = 256
QUEUE_BYTES = 1024 * 1024
PAGE_HELD_SECONDS = (
    0.5  # so long a page of the log waits for a peer; then it is dropped, and read again when needed
)
STALLED_SECONDS = 60.0  # a peer that takes not one message in so long is given up (1013)

Send = Callable[[Message], Coroutine[Any, Any, None]]
# Answers the events after a place in the log, and whether there may be more.
ReadPage = Callable[[int], Awaitable[tuple[Sequence[FeedEvent], bool]]]


class Ending(StrEnum):
    """Why a session is over."""

    COMPLETE = "complete"  # the run's terminal event was sent
    LEFT = "left"  # the watcher went away, or the server stops
    STALLED = "stalled"  # the watcher took nothing for STALLED_SECONDS


class Watched(Protocol):
    """What a session watches: one run (places are numbers of events) or all (places are cursors)."""

    @property
    def run_id(self) -> str | None: ...
    def place(self, event: FeedEvent) -> int: ...
    def is_next(self, event: FeedEvent, last: int) -> bool: ...
    def is_end(self, event: FeedEvent) -> bool: ...


class one_run:  # noqa: N801 - reads as what is watched
    """The events of one run; a number that is left out sends the session back to the log."""

    def __init__(self, run_id: str) -> None:
        self.run_id: str | None = run_id

    def place(self, event: FeedEvent) -> int:
        return event.seq

    def is_next(self, event: FeedEvent, last: int) -> bool:
        return event.seq_from <= last + 1

    def is_end(self, event: FeedEvent) -> bool:
        return event.is_terminal


class all_runs:  # noqa: N801 - reads as what is watched
    """The events of all runs in the order of their commits; it never ends."""

    run_id: str | None = None

    def place(self, event: FeedEvent) -> int:
        return event.cursor

    def is_next(self, event: FeedEvent, last: int) -> bool:  # noqa: ARG002 - cursors have holes by nature
        return True

    def is_end(self, event: FeedEvent) -> bool:  # noqa: ARG002
        return False


class _PeerGoneError(Exception):
    """The watcher's connection does not take messages any more."""


class _State(StrEnum):
    BEHIND = "behind"
    LIVE = "live"
    HELD = "held"
    OVER = "over"


class Session:
    """One watcher. `after` is its place in the log, `wire` the form of its messages, `read_page` reads the log."""

    def __init__(
        self,
        *,
        watched: Watched,
        after: int,
        send: Send,
        wire: Callable[[FeedEvent], Message],
        heartbeat: Message,
        read_page: ReadPage,
    ) -> None:
        self._watched = watched
        self._last = after
        self._send = send
        self._wire = wire
        self._heartbeat = heartbeat
        self._read_page = read_page
        self._state = _State.BEHIND
        self._newest = after
        self._held: Suspended | None = None
        self._queue: deque[FeedEvent] = deque()
        self._queue_bytes = 0
        self._page: deque[FeedEvent] = deque()
        self._is_page_dropped = False
        self._ending: Ending | None = None
        self._wake: asyncio.Future[None] | None = None
        self._patience: asyncio.Timeout | None = None

    @property
    def run_id(self) -> str | None:
        """The run that is watched; None for all."""
        return self._watched.run_id

    @property
    def is_live(self) -> bool:
        """Whether it is served from memory just now."""
        return self._state is _State.LIVE

    @property
    def queued(self) -> int:
        """How many events wait in its queue."""
        return len(self._queue)

    def offer(self, event: FeedEvent) -> None:
        """Take an event that was just committed; never waits and never raises for the peer's sake."""
        place = self._watched.place(event)
        if place <= self._last:
            # A double; yet a watcher that asked for what comes after the end has to hear that there is nothing.
            if self._watched.is_end(event):
                self._end(Ending.COMPLETE)
        elif self._state is _State.LIVE and self._watched.is_next(event, self._last):
            self._last = self._newest = place
            self._step(self._wire(event))
            if self._watched.is_end(event):
                self._end(Ending.COMPLETE)
        elif self._state is _State.LIVE:
            self._newest = place
            self._state = _State.BEHIND
            self._rouse()
        else:
            self._newest = place
            if self._state is _State.HELD:
                self._queue_up(event)

    def beat(self) -> None:
        """Show a quiet watcher that the connection lives."""
        if self._state is _State.LIVE:
            self._step(self._heartbeat)

    def stop(self) -> None:
        """End the session: its watcher is gone, or the server stops. `deliver` returns soon."""
        self._end(Ending.LEFT)

    async def deliver(self) -> Ending:
        """Send what is stored after the session's place, then what comes, until it ends. Raises what reading raises."""
        try:
            while not self._has_ended():
                await self._catch_up()
                while self._state in {_State.LIVE, _State.HELD}:
                    await self._sleep_until_woken()
                    await self._finish_held()
                    if self._has_ended():
                        break
        except _PeerGoneError:
            self._end(Ending.LEFT)
        except TimeoutError:
            self._end(Ending.STALLED)
        finally:
            self._state = _State.OVER
            self._drop_queue()
            self._drop_page()
            if self._held is not None:
                self._held.close()
        assert self._ending is not None, "only an ending ends the loop"
        return self._ending

    async def _catch_up(self) -> None:
        """Read the log from the session's place until it is where the broadcaster is, then go live.

        Between the last look at `_newest` and going live nothing is awaited: that is the seam, and why it has no hole.
        """
        while not self._has_ended():
            page, has_more = await self._read_page(self._last)
            self._page, self._is_page_dropped = deque(page), False
            del page
            while self._page:
                event = self._page.popleft()
                if self._watched.place(event) > self._last:
                    await self._send_waiting(event)
                if self._has_ended():
                    return
            if not has_more and not self._is_page_dropped and self._last >= self._newest:
                self._state = _State.LIVE
                return

    def _step(self, message: Message) -> None:
        """Send without waiting; a message that is not taken at once is left to `deliver`."""
        try:
            self._held = begin(self._send(message))
        except (OSError, RuntimeError):
            # The peer has gone: servers say so with an OSError, or refuse to send after a close of their own.
            self._end(Ending.LEFT)
            return
        if self._held is not None:
            self._state = _State.HELD
            self._rouse()

    async def _send_waiting(self, event: FeedEvent) -> None:
        try:
            held = begin(self._send(self._wire(event)))
        except (OSError, RuntimeError) as error:
            raise _PeerGoneError from error
        if held is not None:
            await self._wait_until_taken(held)
        self._last = self._watched.place(event)
        if self._watched.is_end(event):
            self._end(Ending.COMPLETE)

    async def _wait_until_taken(self, held: Suspended) -> None:
        dropping = asyncio.get_running_loop().call_later(PAGE_HELD_SECONDS, self._drop_page)
        try:
            async with asyncio.timeout(STALLED_SECONDS) as self._patience:
                await held
        except TimeoutError:
            raise
        except (OSError, RuntimeError) as error:
            raise _PeerGoneError from error
        finally:
            dropping.cancel()
            self._patience = None

    async def _finish_held(self) -> None:
        """Wait until the held message is taken and send what queued up meanwhile; then be live, or behind."""
        if self._held is None or self._state is _State.OVER:
            return
        held, self._held = self._held, None
        await self._wait_until_taken(held)
        while self._queue and not self._has_ended():
            event = self._queue.popleft()
            self._queue_bytes -= len(event.body)
            await self._send_waiting(event)
        if self._state is _State.HELD:
            self._state = _State.LIVE

    def _queue_up(self, event: FeedEvent) -> None:
        self._queue.append(event)
        self._queue_bytes += len(event.body)
        if len(self._queue) > QUEUE_EVENTS or self._queue_bytes > QUEUE_BYTES:
            self._state = _State.BEHIND
            self._drop_queue()

    def _drop_page(self) -> None:
        self._is_page_dropped = self._is_page_dropped or bool(self._page)
        self._page.clear()

    def _drop_queue(self) -> None:
        self._queue.clear()
        self._queue_bytes = 0

    def _has_ended(self) -> bool:
        return self._ending is not None

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
        if ending is not Ending.COMPLETE:
            # What is held, or being taken, is given up; after the terminal event it is finished first.
            self._state = _State.OVER
            if self._patience is not None and not self._patience.expired():
                self._patience.reschedule(0.0)
        self._rouse()

    async def _sleep_until_woken(self) -> None:
        if self._held is not None or self._ending is not None:
            return
        self._wake = asyncio.get_running_loop().create_future()
        try:
            await self._wake
        finally:
            self._wake = None

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
