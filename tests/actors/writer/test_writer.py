"""The Writer: groups, answers, bounds, and no lost answer at stop or death."""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import (
    ActorFailedError,
    ActorGoneError,
    ActorState,
    AskTimeoutError,
    DownKind,
    DownReason,
    InboxFullError,
    LoopThread,
    WouldBlockLoopError,
    ref_stop,
    ref_stop_blocking,
    report_of,
)
from actors.runtime.lifeline import watch_end
from actors.writer import Writer, WriterClient
from actors.writer import inbox as writer_inbox
from actors.writer.writer import GROUP_BYTES, GROUP_OPERATIONS, UnansweredGroupError

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    key: int
    size_bytes: int = 100


class Ledger:
    """A `write_group` that keeps what it was handed, and can be held, so that a group gathers behind it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.committed: list[Sequence[object]] = []
        self.threads: set[int] = set()
        self.entered = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.decide: Callable[[Put], object] = lambda operation: operation.key * 10

    def write_group(self, operations: Sequence[Put]) -> list[Any]:
        self.threads.add(threading.get_ident())
        self.entered.set()
        assert self.release.wait(PATIENCE_SECONDS)
        self.groups.append([operation.key for operation in operations])
        return [self.decide(operation) for operation in operations]

    def on_committed(self, answers: Sequence[object]) -> None:
        self.threads.add(threading.get_ident())
        self.committed.append(answers)

    def hold(self) -> None:
        self.entered.clear()
        self.release.clear()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def ref(ledger: Ledger) -> Iterator[pykka.ActorRef[Writer]]:
    ref = Writer.start(write_group=ledger.write_group, on_committed=ledger.on_committed)
    yield ref
    ledger.release.set()
    ref_stop_blocking(ref, PATIENCE_SECONDS)


@pytest.fixture
def client(ref: pykka.ActorRef[Writer]) -> WriterClient:
    return WriterClient(ref)


async def entered(ledger: Ledger) -> None:
    assert await asyncio.to_thread(ledger.entered.wait, PATIENCE_SECONDS)


async def hold_first(ledger: Ledger, client: WriterClient) -> asyncio.Future[Any]:
    """Let the Writer be in the middle of a group of one, so that all that follows gathers."""
    ledger.hold()
    first = asyncio.ensure_future(client.write(Put(key=0)))
    await entered(ledger)
    return first


async def write_all(client: WriterClient, operations: Sequence[Put]) -> list[Any]:
    tasks = [asyncio.ensure_future(client.write(operation)) for operation in operations]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.anyio
async def test_what_gathers_behind_a_group_is_written_as_one_group_in_order(
    ledger: Ledger, client: WriterClient
) -> None:
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in range(1, 101)])
    ledger.release.set()
    assert await asyncio.gather(first, *tasks) == [number * 10 for number in range(101)]
    assert ledger.groups == [[0], list(range(1, 101))]


@pytest.mark.anyio
async def test_a_group_has_at_most_500_operations(ledger: Ledger, client: WriterClient) -> None:
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in range(GROUP_OPERATIONS * 2 + 1)])
    ledger.release.set()
    await asyncio.gather(first, *tasks)
    assert [len(group) for group in ledger.groups] == [1, GROUP_OPERATIONS, GROUP_OPERATIONS, 1]


@pytest.mark.anyio
async def test_a_group_has_at_most_4_mb_and_a_larger_operation_goes_alone(
    ledger: Ledger, client: WriterClient
) -> None:
    first = await hold_first(ledger, client)
    half = GROUP_BYTES // 2
    sizes = [half, half, 1, GROUP_BYTES * 3, half]
    tasks = await write_all(client, [Put(key=number, size_bytes=size) for number, size in enumerate(sizes)])
    ledger.release.set()
    await asyncio.gather(first, *tasks)
    assert ledger.groups == [[0], [0, 1], [2], [3], [4]]


@pytest.mark.anyio
async def test_a_group_wakes_each_waiting_loop_once(
    ledger: Ledger, client: WriterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in range(200)])
    loop = asyncio.get_running_loop()
    wakes: list[Any] = []
    real = loop.call_soon_threadsafe

    def counted(callback: Any, *arguments: Any, **options: Any) -> Any:
        if threading.get_ident() in ledger.threads:
            wakes.append(callback)
        return real(callback, *arguments, **options)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    ledger.release.set()
    await asyncio.gather(first, *tasks)
    assert len(wakes) == 2, "one for the first group, one for the two hundred"


@pytest.mark.anyio
async def test_an_operations_error_is_its_own(ledger: Ledger, client: WriterClient) -> None:
    ledger.decide = lambda operation: ValueError(operation.key) if operation.key == 2 else operation.key
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in (1, 2, 3)])
    ledger.release.set()
    await first
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["1", "2", "3"]
    assert isinstance(outcomes[1], ValueError)
    await client.write(Put(key=4))
    assert ledger.committed[:2] == [[0], [1, 3]], "hints are sent for what was written"
    assert len(ledger.threads) == 1, "all of it happens on the Writer's own thread"
    assert threading.get_ident() not in ledger.threads


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error", [OSError("disk"), SystemExit(1), KeyboardInterrupt()], ids=lambda e: type(e).__name__
)
async def test_a_group_that_raises_gives_every_operation_that_error_and_the_writer_goes_on(
    ledger: Ledger, client: WriterClient, error: BaseException
) -> None:
    def decide(operation: Put) -> object:
        if operation.key == 2:
            raise error
        return operation.key

    ledger.decide = decide
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in (1, 2, 3)])
    with capture_logs() as logs:
        ledger.release.set()
        await first
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        assert outcome is error or (isinstance(outcome, ActorFailedError) and outcome.cause is error)
    assert [line["event"] for line in logs] == ["a group could not be written"]
    assert await client.write(Put(key=4)) == 4


@pytest.mark.anyio
async def test_a_group_with_too_few_answers_is_an_error_for_all_of_it(
    client: WriterClient, ledger: Ledger
) -> None:
    short = Writer.start(write_group=lambda _: [], on_committed=ledger.on_committed)
    with capture_logs() as logs, pytest.raises(UnansweredGroupError, match="answered 0 of 1"):
        await WriterClient(short).write(Put(key=1))
    assert [line["event"] for line in logs] == ["a group was not answered"]
    assert ledger.committed == []
    await ref_stop(short)


@pytest.mark.anyio
@pytest.mark.parametrize("error", [ValueError("hint"), SystemExit(1)], ids=lambda error: type(error).__name__)
async def test_hints_that_fail_harm_neither_answers_nor_the_writer(
    ledger: Ledger, error: BaseException
) -> None:
    def fail(_: Sequence[object]) -> None:
        raise error

    ref = Writer.start(write_group=ledger.write_group, on_committed=fail)
    client = WriterClient(ref)
    with capture_logs() as logs:
        assert await client.write(Put(key=1)) == 10
        assert await client.write(Put(key=2)) == 20
        assert await ref_stop(ref)
    assert [line["event"] for line in logs] == ["telling of a commit failed"] * 2


@pytest.mark.anyio
async def test_a_full_inbox_refuses_and_names_the_writer(
    ledger: Ledger, client: WriterClient, ref: pykka.ActorRef[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_inbox, "WRITER_CAPACITY", 5)
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in range(5)])
    with pytest.raises(InboxFullError, match="Writer is full: 5 messages wait"):
        await client.write(Put(key=6))
    report = report_of(ref)
    assert report is not None
    assert (report.depth, report.high_water, report.refused, report.state) == (5, 5, 1, ActorState.BUSY)
    assert report.current_message == "group of 1"
    assert report.oldest_age_seconds is not None
    ledger.release.set()
    await asyncio.gather(first, *tasks)


@pytest.mark.anyio
async def test_a_stop_writes_what_was_accepted_and_refuses_what_comes_later(
    ledger: Ledger, client: WriterClient, ref: pykka.ActorRef[Writer]
) -> None:
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=number) for number in range(1, 1_200)])
    ends: list[DownReason] = []
    watch_end(ref, ends.append)
    stops = [asyncio.ensure_future(ref_stop(ref)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ActorGoneError, match="is stopping"):
        await client.write(Put(key=-1))
    ledger.release.set()
    assert await asyncio.gather(*stops) == [True, True, True]
    assert await asyncio.gather(first, *tasks) == [number * 10 for number in range(1_200)]
    assert ends == [DownReason(kind=DownKind.STOPPED)]
    assert await ref_stop(ref) is False
    assert not ref.is_alive()
    with pytest.raises(ActorGoneError):
        await client.write(Put(key=-1))


def test_threads_write_and_wait(ledger: Ledger, client: WriterClient) -> None:
    assert client.write_blocking(Put(key=4)) == 40
    ledger.decide = lambda operation: TimeoutError("of the store")
    with pytest.raises(TimeoutError, match="of the store"):
        client.write_blocking(Put(key=5), PATIENCE_SECONDS)
    ledger.hold()
    with pytest.raises(AskTimeoutError, match="Writer did not answer Put"):
        client.write_blocking(Put(key=6), timeout_seconds=0.01)


@pytest.mark.anyio
async def test_a_blocking_write_on_a_loop_is_refused(client: WriterClient) -> None:
    with pytest.raises(WouldBlockLoopError, match="await write"):
        client.write_blocking(Put(key=1))


@pytest.mark.anyio
async def test_a_caller_that_gives_up_leaves_its_operation_and_harms_nobody(
    ledger: Ledger, client: WriterClient
) -> None:
    first = await hold_first(ledger, client)
    tasks = await write_all(client, [Put(key=1), Put(key=2)])
    tasks[0].cancel()
    ledger.release.set()
    await first
    assert await tasks[1] == 20
    assert ledger.groups == [[0], [1, 2]]


def test_a_loop_that_is_gone_does_not_hinder_the_answers_of_others(
    ledger: Ledger, client: WriterClient
) -> None:
    ledger.hold()
    thread = LoopThread("gone").start()
    thread.run(client.write(Put(key=1)))
    assert ledger.entered.wait(PATIENCE_SECONDS)
    thread.stop()
    ledger.release.set()
    assert client.write_blocking(Put(key=2), PATIENCE_SECONDS) == 20


def test_anything_else_than_an_operation_or_a_stop_is_refused(ref: pykka.ActorRef[Writer]) -> None:
    with pytest.raises(TypeError, match="was sent a str"):
        ref.tell("hello")


def test_a_writer_that_dies_answers_all_and_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pykka.ActorRegistry, "stop_all", lambda *_, **__: pytest.fail("stop_all was called"))
    ledger = Ledger()
    ledger.hold()
    ref = Writer.start(write_group=ledger.write_group, on_committed=ledger.on_committed)
    client = WriterClient(ref)
    ends: list[DownReason] = []
    watch_end(ref, ends.append)
    outcomes: Counter[str] = Counter()

    def write(number: int) -> None:
        try:
            client.write_blocking(Put(key=number), PATIENCE_SECONDS)
        except ActorGoneError:
            outcomes["gone"] += 1
        else:
            outcomes["written"] += 1

    monkeypatch.setattr(ref.actor_inbox, "count_group", _raise_memory_error)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    threads[0].start()
    assert ledger.entered.wait(PATIENCE_SECONDS)
    for thread in threads[1:]:
        thread.start()
    pause = threading.Event()
    while (report := report_of(ref)) is not None and report.depth < 19:
        pause.wait(0.001)
    with capture_logs() as logs:
        ledger.release.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    assert outcomes == {"written": 1, "gone": 19}
    assert [end.kind for end in ends] == [DownKind.FAILED]
    assert [line["event"] for line in logs] == ["the Writer failed"]


def _raise_memory_error(_: int) -> None:
    raise MemoryError("the Writer's own fault")


def test_no_answer_is_lost_when_writes_race_with_a_stop() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    outcomes: Counter[str] = Counter()
    try:
        for _ in range(300):
            race(outcomes)
    finally:
        sys.setswitchinterval(before)
    assert outcomes["refused"] == 300 * 2
    assert outcomes["written"] > 0
    assert outcomes["answered but not written"] == 0


def race(outcomes: Counter[str]) -> None:
    ledger = Ledger()
    ref = Writer.start(write_group=ledger.write_group, on_committed=ledger.on_committed)
    client = WriterClient(ref)
    answers: set[int] = set()

    def write(start: int) -> None:
        number = start
        while True:
            try:
                client.write_blocking(Put(key=number), PATIENCE_SECONDS)
            except ActorGoneError:
                outcomes["refused"] += 1
                return
            outcomes["written"] += 1
            answers.add(number)
            number += 2

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    ref_stop_blocking(ref, PATIENCE_SECONDS)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    written = {key for group in ledger.groups for key in group}
    outcomes["answered but not written"] += len(answers - written)
    assert written == answers, "what was accepted was written and answered"
