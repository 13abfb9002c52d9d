"""Random histories of a feed and its watchers: events are committed, hints are lost, reads are slow, sockets are full, peers
go and come back with their last number. Whatever happens, a watcher gets each event once and in order, and all of them.

Without the seam (a session that goes live without looking whether something was committed while it read) events are
missing, and the machine must find that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from actors.broadcast.broadcaster import Broadcaster
from actors.broadcast.feed_event import HEARTBEAT_WEBSOCKET, FeedEvent, Message, cursor_of
from actors.broadcast.messages import ReadOn, Unwatch, Watch
from actors.broadcast.session import Session, _State, all_runs, one_run
from actors.runtime import ref_ask, ref_stop

MODEL = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
MUTANT = settings(
    MODEL,
    max_examples=400,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    database=None,
    derandomize=True,
)
RUNS = ("a", "b")
PAGE = 3
TURNS = 20


class Log:
    """The stored events of all runs. While `is_slow`, what was read arrives only when the reading is let go."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self.last_seq = dict.fromkeys(RUNS, 0)
        self.arrives = asyncio.Event()
        self.arrives.set()

    def add(self, run_id: str) -> None:
        self.last_seq[run_id] += 1
        seq, cursor = self.last_seq[run_id], cursor_of(len(self.events) + 1, 0)
        body = f'{{"event":"log","run_id":"{run_id}","seq":{seq}}}'.encode()
        self.events.append(FeedEvent(run_id=run_id, seq=seq, kind="log", cursor=cursor, body=body))

    async def last_cursor(self) -> int:
        return self.events[-1].cursor if self.events else 0

    async def read_feed(self, after: int, limit_rows: int) -> tuple[Sequence[FeedEvent], bool]:
        return self._page([event for event in self.events if event.cursor > after], limit_rows)

    async def read_run(self, run_id: str, after: int) -> tuple[Sequence[FeedEvent], bool]:
        found = [event for event in self.events if event.run_id == run_id and event.seq > after]
        page = self._page(found, PAGE)
        await self.arrives.wait()
        return page

    async def read_all(self, after: int) -> tuple[Sequence[FeedEvent], bool]:
        page = await self.read_feed(after, PAGE)
        await self.arrives.wait()
        return page

    @staticmethod
    def _page(found: Sequence[FeedEvent], limit: int) -> tuple[Sequence[FeedEvent], bool]:
        return found[:limit], len(found) > limit


class Watcher:
    """A client: what it has got over all its connections, and the connection that it has now."""

    def __init__(self, log: Log, run_id: str | None) -> None:
        self.log = log
        self.run_id = run_id
        self.got: list[FeedEvent] = []
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.session: Session | None = None
        self.task: asyncio.Task[object] | None = None

    def connect(self) -> Session:
        watched = all_runs() if self.run_id is None else one_run(self.run_id)
        after = watched.place(self.got[-1]) if self.got else 0

        async def read(last: int) -> tuple[Sequence[FeedEvent], bool]:
            if self.run_id is None:
                return await self.log.read_all(last)
            return await self.log.read_run(self.run_id, last)

        async def send(message: Message) -> None:
            await self.may_take.wait()
            if message is not HEARTBEAT_WEBSOCKET:
                self.got.append(next(event for event in self.log.events if event.websocket() == message))

        self.session = Session(
            watched=watched,
            after=after,
            send=send,
            wire=FeedEvent.websocket,
            heartbeat=HEARTBEAT_WEBSOCKET,
            read_page=read,
        )
        self.task = asyncio.create_task(self.session.deliver())
        return self.session

    @property
    def wanted(self) -> list[FeedEvent]:
        return [event for event in self.log.events if self.run_id in (None, event.run_id)]


class Feed(RuleBasedStateMachine):
    """One Broadcaster and three watchers: of run a, of run b, of all."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()

    @initialize()
    def start(self) -> None:
        async def begin() -> None:
            self.log = Log()
            self.ref = Broadcaster.start(reader=self.log, poll_seconds=3600)
            self.watchers = [Watcher(self.log, run_id) for run_id in (*RUNS, None)]

        self.loop.run_until_complete(begin())

    @rule(run_id=st.sampled_from(RUNS), count=st.integers(1, 5), is_hinted=st.booleans())
    def commit(self, run_id: str, count: int, is_hinted: bool) -> None:
        async def commit() -> None:
            for _ in range(count):
                self.log.add(run_id)
            if is_hinted:
                self.ref.tell(ReadOn())

        self.loop.run_until_complete(commit())

    @rule(times=st.integers(1, 6))
    def turn(self, times: int) -> None:
        async def turn() -> None:
            for _ in range(times):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @rule(number=st.integers(0, 2))
    def connect(self, number: int) -> None:
        watcher = self.watchers[number]
        if watcher.session is not None:
            return

        async def connect() -> None:
            await ref_ask(self.ref, Watch(session=watcher.connect()))

        self.loop.run_until_complete(connect())

    @rule(number=st.integers(0, 2), run_id=st.sampled_from(RUNS))
    def commit_while_a_page_is_under_way(self, number: int, run_id: str) -> None:
        """What a new session reads first is old by the time it arrives."""
        self.reads_are_slow(True)
        self.connect(number)
        self.turn(3)
        self.commit(run_id, 1, True)
        self.turn(6)
        self.reads_are_slow(False)

    @rule(number=st.integers(0, 2))
    def leave(self, number: int) -> None:
        watcher = self.watchers[number]
        if watcher.session is not None:
            self.loop.run_until_complete(self._leave(watcher))

    @rule(is_slow=st.booleans())
    def reads_are_slow(self, is_slow: bool) -> None:
        self._set(self.log.arrives, not is_slow)

    @rule(number=st.integers(0, 2), is_full=st.booleans())
    def socket_is_full(self, number: int, is_full: bool) -> None:
        self._set(self.watchers[number].may_take, not is_full)

    @precondition(lambda self: hasattr(self, "watchers"))
    @rule()
    def poll_and_settle(self) -> None:
        """All is quick again and the poll has come: everybody who is connected has everything, once and in order."""
        self._set(self.log.arrives, True)
        for watcher in self.watchers:
            self._set(watcher.may_take, True)
        for _ in range(3):
            self.ref.tell(ReadOn())
            self.turn(TURNS + 4 * len(self.log.events))
        for watcher in self.watchers:
            seen = [(event.run_id, event.seq) for event in watcher.got]
            wanted = [(event.run_id, event.seq) for event in watcher.wanted]
            assert seen == wanted[: len(seen)], f"{watcher.run_id} got {seen}"
            if watcher.session is not None:
                assert seen == wanted, f"{watcher.run_id} has a hole at the end: {seen} of {wanted}"

    def teardown(self) -> None:
        try:
            if hasattr(self, "watchers"):
                self.poll_and_settle()
        finally:
            self.loop.run_until_complete(self._end())
            self.loop.close()

    async def _end(self) -> None:
        for watcher in getattr(self, "watchers", []):
            if watcher.session is not None:
                await self._leave(watcher)
        if hasattr(self, "ref"):
            await ref_stop(self.ref)

    async def _leave(self, watcher: Watcher) -> None:
        assert watcher.session is not None
        assert watcher.task is not None
        self.ref.tell(Unwatch(session=watcher.session))
        watcher.session.stop()
        watcher.task.cancel()
        await asyncio.gather(watcher.task, return_exceptions=True)
        watcher.session = watcher.task = None

    def _set(self, event: asyncio.Event, is_set: bool) -> None:
        async def change() -> None:
            (event.set if is_set else event.clear)()

        self.loop.run_until_complete(change())


def test_watchers_of_any_history_get_everything_once_and_in_order() -> None:
    run_state_machine_as_test(Feed, settings=MODEL)


def test_a_session_without_the_seam_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def catch_up_and_look_no_more(session: Session) -> None:
        """The mutant: live after the last page, whatever was committed while it was read."""
        has_more = True
        while has_more and not session._has_ended():
            page, has_more = await session._read_page(session._last)
            for event in page:
                if session._watched.place(event) > session._last:
                    await session._send_waiting(event)
        if not session._has_ended():
            session._state = _State.LIVE

    monkeypatch.setattr(Session, "_catch_up", catch_up_and_look_no_more)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Feed, settings=MUTANT)
