"""Sessions against a socket that the test opens and closes, and a log that the test writes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.broadcast import session as session_module
from actors.broadcast.feed_event import HEARTBEAT_WEBSOCKET, FeedEvent, Message, cursor_of
from actors.broadcast.session import Ending, Session, all_runs, one_run

pytestmark = pytest.mark.anyio

RUN = "01890000-0000-7000-8000-000000000001"


def event(seq: int, kind: str = "log", *, run_id: str = RUN, seq_from: int | None = None) -> FeedEvent:
    body = f'{{"event":"{kind}","run_id":"{run_id}","seq":{seq}}}'.encode()
    return FeedEvent(
        run_id=run_id, seq=seq, kind=kind, cursor=cursor_of(seq, 0), body=body, seq_from=seq_from
    )


class Log:
    """The stored events, read in pages of three."""

    def __init__(self, events: Sequence[FeedEvent] = ()) -> None:
        self.events = list(events)
        self.reads = 0
        self.gate: asyncio.Event | None = None

    async def read(self, after: int) -> tuple[list[FeedEvent], bool]:
        self.reads += 1
        found = [stored for stored in self.events if stored.seq > after]
        if self.gate is not None:
            # What was read is old by the time it arrives.
            await self.gate.wait()
        return found[:3], len(found) > 3


class Socket:
    """Takes messages while it is open; a send to a full one waits, to a lost one raises."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.open = asyncio.Event()
        self.open.set()
        self.is_lost = False

    async def send(self, message: Message) -> None:
        await self.open.wait()
        if self.is_lost:
            raise OSError("lost")
        self.taken.append(message)

    def lose(self) -> None:
        self.is_lost = True
        self.open.set()

    def seqs(self) -> list[int]:
        return [int(str(message["text"]).rsplit(":", 1)[1].rstrip("}")) for message in self.taken]


@asynccontextmanager
async def serving(
    log: Log, socket: Socket, *, after: int = 0
) -> AsyncIterator[tuple[Session, asyncio.Task[Ending]]]:
    session = Session(
        watched=one_run(RUN),
        after=after,
        send=socket.send,
        wire=FeedEvent.websocket,
        heartbeat=HEARTBEAT_WEBSOCKET,
        read_page=log.read,
    )
    task = asyncio.create_task(session.deliver())
    try:
        yield session, task
    finally:
        session.stop()
        await task


async def settle() -> None:
    """Let every task run until it waits for something that does not come."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_is_stored_comes_first_and_then_what_is_offered() -> None:
    log, socket = Log([event(n) for n in range(1, 8)]), Socket()
    async with serving(log, socket, after=2) as (session, task):
        await settle()
        assert session.is_live
        session.offer(event(8))
        assert socket.seqs() == [3, 4, 5, 6, 7, 8]
        session.offer(event(9, "completed"))
        assert await task is Ending.COMPLETE
    assert socket.seqs() == [3, 4, 5, 6, 7, 8, 9]


async def test_events_that_are_committed_while_the_log_is_read_are_neither_lost_nor_doubled() -> None:
    log, socket = Log([event(1), event(2)]), Socket()
    log.gate = asyncio.Event()
    async with serving(log, socket) as (session, _):
        await settle()
        for seq in (2, 3, 4):  # 2 is in the page that is being read
            log.events += [event(seq)] if seq > 2 else []
            session.offer(event(seq))
        log.gate.set()
        await settle()
        session.offer(event(4))
        session.offer(event(5))
        assert socket.seqs() == [1, 2, 3, 4, 5]
        assert log.reads == 2


async def test_a_number_that_was_left_out_sends_the_session_back_to_the_log() -> None:
    log, socket = Log([event(1)]), Socket()
    async with serving(log, socket) as (session, _):
        await settle()
        log.events += [event(2), event(3)]
        session.offer(event(3))
        assert not session.is_live
        await settle()
        assert socket.seqs() == [1, 2, 3]
        assert session.is_live


async def test_a_full_socket_holds_up_nobody_and_loses_nothing() -> None:
    log, socket = Log(), Socket()
    async with serving(log, socket) as (session, task):
        await settle()
        socket.open.clear()
        for seq in range(1, 6):
            session.offer(event(seq))
        assert socket.taken == []
        assert session.queued == 4
        await settle()
        socket.open.set()
        await settle()
        assert socket.seqs() == [1, 2, 3, 4, 5]
        assert session.is_live
        session.offer(event(6, "failed"))
        assert await task is Ending.COMPLETE


async def test_a_session_that_falls_far_behind_is_served_from_the_log_and_its_queue_is_bounded() -> None:
    log, socket = Log(), Socket()
    total = session_module.QUEUE_EVENTS + 50
    async with serving(log, socket) as (session, _):
        await settle()
        socket.open.clear()
        for seq in range(1, total + 1):
            log.events.append(event(seq))
            session.offer(event(seq))
            assert session.queued <= session_module.QUEUE_EVENTS
        await settle()
        reads = log.reads
        socket.open.set()
        while len(socket.taken) < total:
            await settle()
        assert socket.seqs() == list(range(1, total + 1))
        assert log.reads > reads
        session.offer(event(total + 1))
        assert socket.seqs()[-1] == total + 1


async def test_the_queue_is_bounded_in_bytes_too() -> None:
    socket = Socket()
    large = FeedEvent(run_id=RUN, seq=2, kind="log", cursor=2, body=b"x" * session_module.QUEUE_BYTES)
    async with serving(Log(), socket) as (session, _):
        await settle()
        socket.open.clear()
        session.offer(event(1))
        session.offer(large)
        session.offer(event(3))
        assert session.queued == 0


async def test_the_terminal_event_is_sent_before_the_session_ends_also_to_a_full_socket() -> None:
    socket = Socket()
    async with serving(Log(), socket) as (session, task):
        await settle()
        socket.open.clear()
        session.offer(event(1, "cancelled"))
        await settle()
        assert not task.done()
        socket.open.set()
        assert await task is Ending.COMPLETE
    assert socket.seqs() == [1]


async def test_the_terminal_event_behind_others_in_the_queue_ends_the_session() -> None:
    socket = Socket()
    async with serving(Log(), socket) as (session, task):
        await settle()
        socket.open.clear()
        for seq, kind in ((1, "log"), (2, "log"), (3, "completed")):
            session.offer(event(seq, kind))
        socket.open.set()
        assert await task is Ending.COMPLETE
    assert socket.seqs() == [1, 2, 3]


async def test_a_watcher_that_has_seen_everything_hears_of_the_end() -> None:
    socket = Socket()
    async with serving(Log(), socket, after=7) as (session, task):
        session.offer(event(7, "completed"))
        assert await task is Ending.COMPLETE
    assert socket.taken == []


async def test_a_gap_is_passed_once_and_the_numbers_go_on_behind_it() -> None:
    log, socket = Log([event(1), event(5, "gap", seq_from=2), event(6)]), Socket()
    async with serving(log, socket) as (session, _):
        await settle()
        session.offer(event(7))
        assert socket.seqs() == [1, 5, 6, 7]


@pytest.mark.parametrize("is_full", [False, True])
async def test_a_lost_socket_ends_the_session(is_full: bool) -> None:
    socket = Socket()
    async with serving(Log(), socket) as (session, task):
        await settle()
        if is_full:
            socket.open.clear()
            session.offer(event(1))
            await settle()
            socket.lose()
        else:
            socket.lose()
            session.offer(event(1))
        assert await task is Ending.LEFT


async def test_stop_ends_a_session_whose_socket_is_full() -> None:
    socket = Socket()
    async with serving(Log(), socket) as (session, task):
        await settle()
        socket.open.clear()
        session.offer(event(1))
        await settle()
        session.stop()
        assert await task is Ending.LEFT


async def test_a_watcher_that_takes_nothing_for_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "STALLED_SECONDS", 0.01)
    socket = Socket()
    async with serving(Log(), socket) as (session, task):
        await settle()
        socket.open.clear()
        session.offer(event(1))
        assert await task is Ending.STALLED


async def test_a_heartbeat_is_sent_to_a_quiet_session_only() -> None:
    log, socket = Log(), Socket()
    log.gate = asyncio.Event()
    async with serving(log, socket) as (session, _):
        session.beat()
        assert socket.taken == []
        log.gate.set()
        await settle()
        session.beat()
        assert socket.taken == [HEARTBEAT_WEBSOCKET]


async def test_an_error_of_the_log_is_raised_to_who_serves_the_session() -> None:
    async def broken(after: int) -> tuple[list[FeedEvent], bool]:
        raise ConnectionRefusedError("the store is away")

    session = Session(
        watched=all_runs(),
        after=0,
        send=Socket().send,
        wire=FeedEvent.all_runs,
        heartbeat=HEARTBEAT_WEBSOCKET,
        read_page=broken,
    )
    with pytest.raises(ConnectionRefusedError):
        await session.deliver()


@given(st.data())
async def test_whatever_the_interleaving_each_event_is_sent_once_and_in_order(data: st.DataObject) -> None:
    """Commits, a socket that opens and closes, heartbeats and late reads in any order."""
    total = data.draw(st.integers(1, 30))
    after = data.draw(st.integers(0, total))
    log, socket = Log(), Socket()
    async with serving(log, socket, after=after) as (session, task):
        for seq in range(1, total + 1):
            kind = "completed" if seq == total else "log"
            log.events.append(event(seq, kind))
            session.offer(event(seq, kind))
            match data.draw(st.sampled_from(["go on", "close", "open", "yield", "settle", "beat"])):
                case "close":
                    socket.open.clear()
                case "open":
                    socket.open.set()
                case "yield":
                    await asyncio.sleep(0)
                case "settle":
                    await settle()
                case "beat":
                    session.beat()
        socket.open.set()
        assert await asyncio.wait_for(task, 5) is Ending.COMPLETE
    events = [message for message in socket.taken if message is not HEARTBEAT_WEBSOCKET]
    socket.taken = events
    assert socket.seqs() == list(range(after + 1, total + 1))
