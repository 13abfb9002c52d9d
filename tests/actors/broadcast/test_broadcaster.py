"""The Broadcaster over a log that the test writes: who hears what, when it reads, and what it survives."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from actors.broadcast import broadcaster as broadcaster_module
from actors.broadcast.broadcaster import Broadcaster
from actors.broadcast.feed_event import HEARTBEAT_WEBSOCKET, FeedEvent, Message, cursor_of, row_of_cursor
from actors.broadcast.messages import BroadcastReport, ReadOn, Report, StopSessions, Unwatch, Watch
from actors.broadcast.session import Ending, Session, Watched, all_runs, one_run
from actors.runtime.ask import ref_ask, ref_stop

pytestmark = pytest.mark.anyio


class Feed:
    """The log of all runs; each event is a row of its own."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self.reads = 0
        self.is_broken = False

    def add(self, run_id: str, seq: int, kind: str = "log") -> None:
        cursor = cursor_of(len(self.events) + 1, 0)
        body = f'{{"event":"{kind}","run_id":"{run_id}","seq":{seq}}}'.encode()
        self.events.append(FeedEvent(run_id=run_id, seq=seq, kind=kind, cursor=cursor, body=body))

    async def last_cursor(self) -> int:
        if self.is_broken:
            raise OperationalError("select", {}, Exception("gone"))
        return self.events[-1].cursor if self.events else 0

    async def read_feed(self, after: int, limit_rows: int) -> tuple[Sequence[FeedEvent], bool]:
        self.reads += 1
        if self.is_broken:
            raise OperationalError("select", {}, Exception("gone"))
        found = [event for event in self.events if event.cursor > after]
        return found[:limit_rows], len(found) > limit_rows

    async def read_run(self, run_id: str, after: int) -> tuple[Sequence[FeedEvent], bool]:
        return [event for event in self.events if event.run_id == run_id and event.seq > after], False


class Watcher:
    """A session with a socket that takes everything, or nothing."""

    def __init__(self, feed: Feed, watched: Watched, *, after: int = 0, is_full: bool = False) -> None:
        self.taken: list[Message] = []
        self.is_full = is_full
        self.full = asyncio.Event()

        async def read(last: int) -> tuple[Sequence[FeedEvent], bool]:
            if watched.run_id is None:
                return await feed.read_feed(last, 1000)
            return await feed.read_run(watched.run_id, last)

        self.session = Session(
            watched=watched,
            after=after,
            send=self.send,
            wire=FeedEvent.websocket,
            heartbeat=HEARTBEAT_WEBSOCKET,
            read_page=read,
        )
        self.task = asyncio.create_task(self.session.deliver())

    async def send(self, message: Message) -> None:
        if self.is_full:
            await self.full.wait()
        self.taken.append(message)

    @property
    def texts(self) -> list[str]:
        return [str(message["text"]) for message in self.taken if message is not HEARTBEAT_WEBSOCKET]


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def ref(feed: Feed) -> AsyncIterator[pykka.ActorRef[Broadcaster]]:
    ref = Broadcaster.start(reader=feed, poll_seconds=3600)
    yield ref
    await ref_stop(ref)


async def watch(ref: pykka.ActorRef[Broadcaster], watcher: Watcher) -> Watcher:
    await ref_ask(ref, Watch(session=watcher.session))
    await settle()
    return watcher


async def read_on(ref: pykka.ActorRef[Broadcaster]) -> BroadcastReport:
    """Let it read all that there is."""
    ref.tell(ReadOn())
    report: BroadcastReport = await ref_ask(ref, Report())
    return report


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_each_session_hears_its_run_and_a_session_of_all_hears_everything(
    feed: Feed, ref: pykka.ActorRef[Broadcaster]
) -> None:
    of_a, again, of_b, of_all = [
        await watch(ref, Watcher(feed, watched))
        for watched in (one_run("a"), one_run("a"), one_run("b"), all_runs())
    ]
    feed.add("a", 1)
    feed.add("b", 1)
    feed.add("a", 2)
    await read_on(ref)
    assert [len(watcher.texts) for watcher in (of_a, again, of_b, of_all)] == [2, 2, 1, 3]
    assert of_a.taken[0] is again.taken[0]  # encoded once for all
    for watcher in (of_a, again, of_b, of_all):
        watcher.session.stop()
        assert await watcher.task is Ending.LEFT


async def test_nothing_is_read_while_nobody_watches(feed: Feed, ref: pykka.ActorRef[Broadcaster]) -> None:
    broadcaster = ref._actor_weakref()
    assert broadcaster is not None
    feed.add("a", 1)
    broadcaster.wake()
    await read_on(ref)
    assert feed.reads == 0
    watcher = await watch(ref, Watcher(feed, one_run("b")))
    ref.tell(Unwatch(session=watcher.session))
    ref.tell(Unwatch(session=watcher.session))
    report = await read_on(ref)
    assert (report.sessions, report.cursor, feed.reads) == (0, 0, 0)
    watcher.session.stop()
    await watcher.task


async def test_many_hints_before_a_reading_cost_one(feed: Feed, ref: pykka.ActorRef[Broadcaster]) -> None:
    watcher = await watch(ref, Watcher(feed, one_run("a")))
    broadcaster = ref._actor_weakref()
    assert broadcaster is not None
    reads = feed.reads
    feed.add("a", 1)
    for _ in range(100):
        broadcaster.wake()
    await settle()
    await ref_ask(ref, Report())
    assert feed.reads == reads + 1
    assert len(watcher.texts) == 1
    watcher.session.stop()
    await watcher.task


async def test_a_lost_hint_is_made_up_for_by_the_poll(feed: Feed) -> None:
    ref = Broadcaster.start(reader=feed, poll_seconds=0.01)
    watcher = await watch(ref, Watcher(feed, one_run("a")))
    feed.add("a", 1, "completed")
    assert await asyncio.wait_for(watcher.task, 5) is Ending.COMPLETE
    await ref_stop(ref)


async def test_a_flood_is_read_in_pages_and_lets_newcomers_in(
    feed: Feed, ref: pykka.ActorRef[Broadcaster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster_module, "PAGE_ROWS", 10)
    first = await watch(ref, Watcher(feed, one_run("a")))
    for seq in range(1, 101):
        feed.add("a", seq)
    ref.tell(ReadOn())
    second = await watch(ref, Watcher(feed, one_run("a")))
    for watcher in (first, second):
        while len(watcher.texts) < 100:
            await ref_ask(ref, Report())
        watcher.session.stop()
        await watcher.task
    assert first.texts == second.texts


async def test_one_that_takes_nothing_slows_nobody(feed: Feed, ref: pykka.ActorRef[Broadcaster]) -> None:
    stuck = [await watch(ref, Watcher(feed, one_run("a"), is_full=True)) for _ in range(50)]
    quick = await watch(ref, Watcher(feed, one_run("a")))
    for seq in range(1, 1001):
        feed.add("a", seq)
        await read_on(ref)
    assert len(quick.texts) == 1000
    assert max(watcher.session.queued for watcher in stuck) <= 256
    for watcher in [*stuck, quick]:
        watcher.session.stop()
        assert await watcher.task is Ending.LEFT


async def test_a_store_that_is_away_is_tried_again_and_nothing_is_lost(
    feed: Feed, ref: pykka.ActorRef[Broadcaster]
) -> None:
    watcher = await watch(ref, Watcher(feed, one_run("a")))
    feed.add("a", 1)
    feed.is_broken = True
    await read_on(ref)
    newcomer = Watcher(feed, one_run("a"))
    assert (await read_on(ref)).sessions == 1
    assert watcher.texts == []
    feed.is_broken = False
    await read_on(ref)
    assert len(watcher.texts) == 1
    for each in (watcher, newcomer):
        each.session.stop()
        await each.task


async def test_the_first_watcher_of_a_store_that_is_away_hears_it_and_the_next_one_is_served(
    feed: Feed,
) -> None:
    feed.is_broken = True
    ref = Broadcaster.start(reader=feed, poll_seconds=3600)
    watcher = Watcher(feed, one_run("a"))
    assert isinstance(await ref_ask(ref, Watch(session=watcher.session)), OperationalError)
    feed.is_broken = False
    await watch(ref, watcher)
    feed.add("a", 1, "failed")
    await read_on(ref)
    assert await watcher.task is Ending.COMPLETE
    await ref_stop(ref)


async def test_the_end_of_the_broadcaster_ends_its_sessions(
    feed: Feed, ref: pykka.ActorRef[Broadcaster]
) -> None:
    first, second = [await watch(ref, Watcher(feed, watched)) for watched in (one_run("a"), all_runs())]
    ref.tell(StopSessions())
    await ref_ask(ref, Report())
    assert await first.task is Ending.LEFT
    assert await second.task is Ending.LEFT
    third = await watch(ref, Watcher(feed, one_run("a")))
    await ref_stop(ref)
    assert await third.task is Ending.LEFT


@given(st.integers(0, 2**37 - 1), st.integers(0, 2**16 - 1))
def test_a_cursor_says_its_row_and_sorts_as_rows_and_their_events_do(row: int, index: int) -> None:
    cursor = cursor_of(row, index)
    assert row_of_cursor(cursor) == row
    assert cursor < cursor_of(row + 1, 0)
    assert cursor < 2**53
