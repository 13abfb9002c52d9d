"""One commit in flight, what comes meanwhile shares the next one, and nobody is told of a commit that was not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.runs import committer as committer_module
from actors.runs.committer import RunCommitter
from actors.runs.stream_buffer import StreamBuffer
from fastgraph.clock import SystemClock
from fastgraph.database.records import ClaimedRun, CommitRun, Committed, NewEvent
from fastgraph.errors import ConflictError, LostOwnershipError, StoreError, StoreUnavailableError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMED = ClaimedRun(
    run_key=1,
    run_id="run",
    thread_key=1,
    thread_id="thread",
    workflow="w",
    name="",
    epoch=1,
    seq=1,
    status=RunStatus.QUEUED,
    deaths=0,
    inbox=0,
    consumed=0,
    payload=b"{}",
    context=None,
    config=None,
    checkpoint_number=0,
    base_checkpoint=0,
    graph_hash=None,
    recovered_from=None,
    recovered_reason=None,
)


class SlowStore:
    """Where commits wait until the test answers them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[CommitRun, asyncio.Future[Committed]]] = []
        self.taken: list[CommitRun] = []
        self._came = asyncio.Event()

    async def write(self, operation: CommitRun) -> Committed:
        answer: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self.waiting.append((operation, answer))
        self._came.set()
        return await answer

    async def next(self) -> tuple[CommitRun, asyncio.Future[Committed]]:
        async with asyncio.timeout(5):
            while not self.waiting:
                self._came.clear()
                await self._came.wait()
        return self.waiting.pop(0)

    async def take(self, *, inbox: int = 0) -> CommitRun:
        operation, answer = await self.next()
        seq = operation.expected_seq + sum(event.covers for event in operation.events)
        answer.set_result(Committed(run_key=1, run_id="run", seq=seq, inbox=inbox))
        self.taken.append(operation)
        return operation

    async def refuse(self, error: Exception) -> CommitRun:
        operation, answer = await self.next()
        answer.set_exception(error)
        return operation


class Trial:
    def __init__(self) -> None:
        self.store = SlowStore()
        self.grown = 0
        self.stream = StreamBuffer(SystemClock(), on_first=lambda: None, on_full=lambda: None)
        self.committer = RunCommitter(CLAIMED, "boot", self.store, self.stream, on_inbox=self._grow)

    def _grow(self) -> None:
        self.grown += 1

    def tell(self, *kinds: EventKind) -> None:
        self.committer.draft.events.extend(NewEvent(kind=kind, at=NOW) for kind in kinds)

    def commit(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.committer.commit())


@pytest.fixture
async def trial() -> Trial:
    return Trial()


def kinds(operation: CommitRun) -> list[str]:
    return [str(event.kind) for event in operation.events]


def conflict() -> ConflictError:
    return ConflictError("the inbox has grown")


async def test_what_comes_during_a_commit_shares_the_next_one(trial: Trial) -> None:
    trial.tell(EventKind.STARTED)
    first = trial.commit()
    _, answer = await trial.store.next()
    later = []
    for _ in range(100):
        trial.tell(EventKind.CHECKPOINT)
        later.append(trial.commit())
    answer.set_result(Committed(run_key=1, run_id="run", seq=2, inbox=0))
    assert len((await trial.store.take()).events) == 100
    await asyncio.gather(first, *later)
    assert trial.store.waiting == []
    assert trial.committer.seq == 102


async def test_nothing_drafted_is_nothing_written(trial: Trial) -> None:
    await trial.committer.commit()
    assert trial.store.waiting == []


async def test_a_status_alone_is_worth_a_commit(trial: Trial) -> None:
    trial.committer.draft.status = RunStatus.RUNNING
    done = trial.commit()
    assert (await trial.store.take()).status is RunStatus.RUNNING
    await done


async def test_what_a_node_said_comes_before_what_became_of_it(trial: Trial) -> None:
    trial.tell(EventKind.NODE_UPDATE)
    trial.stream.add(EventKind.LOG, "node", b'"hello"')
    done = trial.commit()
    assert kinds(await trial.store.take()) == ["stream", "node_update"]
    await done


async def test_a_refused_release_keeps_what_else_was_drafted(trial: Trial) -> None:
    draft = trial.committer.draft
    trial.tell(EventKind.INTERRUPTED, EventKind.SLEEPING)
    trial.stream.add(EventKind.LOG, "node", b'"hello"')
    draft.release, draft.seen_inbox, draft.status = True, 0, RunStatus.SLEEPING
    released = trial.commit()
    await trial.store.refuse(conflict())
    with pytest.raises(ConflictError):
        await released
    again = trial.commit()
    operation = await trial.store.take()
    await again
    assert kinds(operation) == ["stream", "interrupted"]
    assert (operation.release, operation.status, operation.seen_inbox) == (False, None, None)


async def test_a_release_that_somebody_elses_commit_took_along_is_refused_to_both(trial: Trial) -> None:
    """A background commit waits, the actor drafts its release into the same draft: whoever loses, both must know."""
    trial.tell(EventKind.STARTED)
    first = trial.commit()
    _, answer = await trial.store.next()
    trial.tell(EventKind.INTERRUPTED)
    background = trial.commit()
    await asyncio.sleep(0)
    trial.committer.draft.release = True
    release = trial.commit()
    answer.set_result(Committed(run_key=1, run_id="run", seq=2, inbox=1))
    operation = await trial.store.refuse(conflict())
    assert operation.release
    results = await asyncio.gather(first, background, release, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ConflictError, ConflictError]
    trial.tell(EventKind.CANCELLED)
    last = trial.commit()
    assert kinds(await trial.store.take()) == ["interrupted", "cancelled"]
    await last


async def test_a_store_that_is_away_is_asked_again(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer_module, "RETRY_SECONDS", 0.01)
    trial.tell(EventKind.STARTED)
    done = trial.commit()
    asked = [await trial.store.refuse(StoreUnavailableError("away")) for _ in range(3)]
    asked.append(await trial.store.take())
    await done
    assert all(operation == asked[0] for operation in asked)


@pytest.mark.parametrize(
    "error", [LostOwnershipError(1, expected=("boot", 1, 1), seen=None), StoreError("no such column")]
)
async def test_after_an_error_for_good_nothing_more_is_written(trial: Trial, error: StoreError) -> None:
    trial.tell(EventKind.STARTED)
    first = trial.commit()
    trial.tell(EventKind.CHECKPOINT)
    second = trial.commit()
    await trial.store.refuse(error)
    results: list[Any] = list(await asyncio.gather(first, second, return_exceptions=True))
    assert results == [error, error]
    trial.tell(EventKind.COMPLETED)
    with pytest.raises(type(error)):
        await trial.committer.commit()
    assert trial.store.waiting == []


async def test_a_commits_answer_tells_that_the_inbox_has_grown(trial: Trial) -> None:
    for inbox, grown in ((0, 0), (2, 1), (2, 1), (3, 2)):
        trial.tell(EventKind.CHECKPOINT)
        done = trial.commit()
        await trial.store.take(inbox=inbox)
        await done
        assert trial.grown == grown
