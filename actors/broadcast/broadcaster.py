"""The Broadcaster: one reader of the log's end for all watchers of this process.

It reads the feed of all runs by cursor, woken by hints and, since hints may be lost, by a slow poll; and only while
somebody watches. What it reads is committed, so a zombie can't be heard. It hands each event to the sessions of its run
and to those of all runs; sessions never make it wait (see `session.py`). It does not look after a session's past: that
is read by the session itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError

from actors.broadcast.feed_event import FeedEvent
from actors.broadcast.messages import Beat, BroadcastReport, ReadOn, Report, StopSessions, Unwatch, Watch
from actors.broadcast.session import Session
from actors.runtime.async_actor import AsyncActor

__all__ = ["BroadcastMessage", "Broadcaster", "FeedReader"]

BEAT_SECONDS = 15.0
PAGE_ROWS = 500
# Commits of a busy host come closer together than this; one read then serves several of them.
READ_INTERVAL_SECONDS = 0.003
OFFERS_A_TURN = 256  # after so many the other work of the loop gets its turn

BroadcastMessage = Watch | Unwatch | ReadOn | Beat | StopSessions | Report

log = structlog.get_logger("actors.broadcast")


class FeedReader(Protocol):
    """The end of the log."""

    async def last_cursor(self) -> int:
        """Return the cursor of the newest committed event, 0 in an empty store."""
        ...

    async def read_feed(self, after: int, limit_rows: int) -> tuple[Sequence[FeedEvent], bool]:
        """Return the events after a cursor in order, and whether there may be more."""
        ...


class Broadcaster(AsyncActor):
    """Fans committed events out. Runs on the loop of the API process, as the sessions do."""

    def __init__(self, *, reader: FeedReader, poll_seconds: float) -> None:
        super().__init__()
        self._reader = reader
        self._poll_seconds = poll_seconds
        self._by_run: dict[str, dict[Session, None]] = {}
        self._of_all: dict[Session, None] = {}
        self._cursor: int | None = None  # None while nobody watches
        self._is_reading_due = False
        self._last_read = 0.0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def wake(self) -> None:
        """Read soon: something was committed. From the loop only; many calls before the reading cost one."""
        if self._cursor is None or self._is_reading_due:
            return
        self._is_reading_due = True
        wait_seconds = self._last_read + READ_INTERVAL_SECONDS - self.loop.time()
        if wait_seconds <= 0:
            self.actor_ref.tell(ReadOn())
        else:
            self._timers["read"] = self.loop.call_later(wait_seconds, self._tell, ReadOn())

    async def on_receive(self, message: BroadcastMessage) -> Any:
        match message:
            case Watch():
                return await self._watch(message.session)
            case Unwatch():
                self._unwatch(message.session)
            case ReadOn():
                await self._read_on()
            case Beat():
                self._beat()
            case StopSessions():
                self._stop_sessions()
            case Report():
                return self._report()
            case _ as unreachable:
                assert_never(unreachable)
        return None

    def on_stop(self) -> None:
        self._go_quiet()
        self._stop_sessions()

    def on_failure(self, *_: object) -> None:
        """End the feeds, so that their watchers come back to whoever takes this one's place. On the loop."""
        self.on_stop()

    async def _watch(self, session: Session) -> SQLAlchemyError | None:
        if self._cursor is None:
            try:
                self._cursor = await self._reader.last_cursor()
            except SQLAlchemyError as error:
                # Answered and not raised: an error that leaves a handler would end the actor.
                return error
            self._repeat("poll", self._poll_seconds, self._poll)
            self._repeat("beat", BEAT_SECONDS, self._tell_beat)
        group = self._of_all if session.run_id is None else self._by_run.setdefault(session.run_id, {})
        group[session] = None
        return None

    def _unwatch(self, session: Session) -> None:
        if session.run_id is None:
            self._of_all.pop(session, None)
        else:
            group = self._by_run.get(session.run_id, {})
            group.pop(session, None)
            if not group:
                self._by_run.pop(session.run_id, None)
        if not self._of_all and not self._by_run:
            self._go_quiet()

    async def _read_on(self) -> None:
        self._is_reading_due = False
        if self._cursor is None:
            return
        try:
            events, has_more = await self._reader.read_feed(self._cursor, PAGE_ROWS)
        except SQLAlchemyError as error:
            # Nothing is lost: the cursor stands, and the poll comes again.
            log.warning("feed not read", error=str(error), cursor=self._cursor)
            return
        self._last_read = self.loop.time()
        await self._fan_out(events)
        if has_more:
            # By the inbox and not in a loop here, so that a new watcher need not wait for the end of a flood.
            self._is_reading_due = True
            self.actor_ref.tell(ReadOn())

    async def _fan_out(self, events: Sequence[FeedEvent]) -> None:
        offers = 0
        for event in events:
            self._cursor = event.cursor
            for group in (self._by_run.get(event.run_id), self._of_all):
                if not group:
                    continue
                # The groups only change between messages, so they stand still across this loop's pauses.
                for session in group:
                    session.offer(event)
                    offers += 1
                    if offers % OFFERS_A_TURN == 0:
                        await asyncio.sleep(0)

    def _beat(self) -> None:
        for session in self._sessions():
            session.beat()

    def _stop_sessions(self) -> None:
        for session in self._sessions():
            session.stop()

    def _report(self) -> BroadcastReport:
        sessions = self._sessions()
        behind = sum(not session.is_live for session in sessions)
        return BroadcastReport(sessions=len(sessions), behind=behind, cursor=self._cursor or 0)

    def _sessions(self) -> list[Session]:
        return [*self._of_all, *(session for group in self._by_run.values() for session in group)]

    def _go_quiet(self) -> None:
        self._cursor = None
        self._is_reading_due = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _repeat(self, name: str, seconds: float, call: Any) -> None:
        def fire() -> None:
            call()
            if self._cursor is not None:
                self._timers[name] = self.loop.call_later(seconds, fire)

        self._timers[name] = self.loop.call_later(seconds, fire)

    def _poll(self) -> None:
        self.wake()

    def _tell_beat(self) -> None:
        self._tell(Beat())

    def _tell(self, message: BroadcastMessage) -> None:
        if not self.actor_stopped.is_set():
            self.actor_ref.tell(message)
