"""The loops of async nodes: theirs alone, watched, replaced when one is blocked, unharmed by what a node raises."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from actors.executors.executor import Job
from actors.executors.user_loops import BlockedLoop, UserLoopExecutor
from fastgraph.execution.tasks import Task, TaskEnding, TaskFailed, TaskKind, TaskResult
from fastgraph.graph.no_services import NoServices
from fastgraph.graph.task_call import TaskCall
from support.gates import Gate
from support.small_flows import Log, Node, chain
from support.waiting import until

WITHIN_SECONDS = 30.0


class Endings:
    """What became of jobs, by node."""

    def __init__(self) -> None:
        self.of: dict[str, list[TaskEnding]] = {}
        self._changed = threading.Condition()

    def job(self, node: Node) -> Job:
        graph = chain(node.__name__, node)
        task = Task(
            id=node.__name__,
            node=node.__name__,
            kind=TaskKind.PULL,
            path=f"pull:{node.__name__}",
            step=0,
            triggers=(),
        )
        call = TaskCall(
            graph=graph,
            task=task,
            values={},
            attempt=1,
            answers={},
            config={},
            context=None,
            services=NoServices(),
        )
        return Job(call, self._end)

    def _end(self, job: Job, ending: TaskEnding) -> None:
        with self._changed:
            self.of.setdefault(job.call.task.node, []).append(ending)
            self._changed.notify_all()

    def wait(self, node: str) -> TaskEnding:
        with self._changed:
            assert self._changed.wait_for(lambda: node in self.of, WITHIN_SECONDS), f"{node} never ended"
            return self.of[node][0]

    def error(self, node: str) -> str:
        ending = self.wait(node)
        assert isinstance(ending, TaskFailed), ending
        return ending.error.type


@pytest.fixture
def endings() -> Endings:
    return Endings()


@pytest.fixture
def loops() -> Iterator[UserLoopExecutor]:
    executor = UserLoopExecutor()
    yield executor
    kept = list(executor._loops)
    executor.stop()
    until(lambda: all(loop.bridge.loop.is_closed() for loop in kept), what="all loops to be closed")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


async def answers(state: Log) -> dict[str, Any]:
    return {"log": ["answer"]}


async def waits(state: Log) -> dict[str, Any]:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody sets this future")


def is_blocked(loops: UserLoopExecutor) -> list[BlockedLoop]:
    return loops.check(blocked_seconds=0.2)


def test_an_async_node_ends_with_its_result(loops: UserLoopExecutor, endings: Endings) -> None:
    loops.submit(endings.job(answers))
    assert isinstance(endings.wait("answers"), TaskResult)


def test_a_cancelled_node_still_ends(loops: UserLoopExecutor, endings: Endings) -> None:
    job = endings.job(waits)
    loops.submit(job)
    job.cancel()
    assert endings.error("waits") == "CancelledError"
    assert not loops._loops[0].jobs


def test_a_node_that_is_cancelled_may_end_with_a_result(loops: UserLoopExecutor, endings: Endings) -> None:
    begun = threading.Event()

    async def tidies_up(state: Log) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return {"log": ["tidy"]}
        raise AssertionError("nobody sets this future")

    job = endings.job(tidies_up)
    loops.submit(job)
    assert begun.wait(WITHIN_SECONDS)
    job.cancel()
    assert isinstance(endings.wait("tidies_up"), TaskResult)


def test_a_job_that_was_abandoned_before_its_turn_is_never_begun(
    loops: UserLoopExecutor, endings: Endings
) -> None:
    job = endings.job(answers)
    assert job.abandon()
    loops.submit(job)
    loops.submit(endings.job(waits_a_turn))
    endings.wait("waits_a_turn")
    assert "answers" not in endings.of


async def waits_a_turn(state: Log) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt, GeneratorExit, RecursionError])
def test_what_a_node_raises_ends_it_and_costs_the_others_of_its_loop_nothing(
    loops: UserLoopExecutor, endings: Endings, leaving: type[BaseException]
) -> None:
    async def leaves(state: Log) -> None:
        raise leaving

    bystander = endings.job(waits)
    loops.submit(bystander)
    loops.submit(endings.job(leaves))
    assert endings.error("leaves") == leaving.__name__
    loops.submit(endings.job(answers))
    assert isinstance(endings.wait("answers"), TaskResult)
    assert "waits" not in endings.of
    bystander.cancel()
    assert endings.error("waits") == "CancelledError"


def test_a_task_that_a_node_starts_can_leave_without_ending_the_loop(
    loops: UserLoopExecutor, endings: Endings
) -> None:
    async def starts_a_leaver(state: Log) -> None:
        async def leave() -> None:
            raise SystemExit("from a task of the user's")

        await asyncio.create_task(leave())

    loops.submit(endings.job(waits))
    loops.submit(endings.job(starts_a_leaver))
    assert endings.error("starts_a_leaver") == "SystemExit"
    loops.submit(endings.job(answers))
    assert isinstance(endings.wait("answers"), TaskResult)


def test_a_blocked_loop_gets_no_new_task_and_its_blocker_is_named(
    loops: UserLoopExecutor, endings: Endings, gate: Gate
) -> None:
    async def blocks(state: Log) -> None:
        gate.pass_through()

    bystander, blocker = endings.job(waits), endings.job(blocks)
    loops.submit(bystander)
    loops.submit(blocker)
    assert gate._wait_for(1)
    found = until(lambda: is_blocked(loops), what="the block to be seen")[0]
    assert found.blocker is blocker
    assert set(found.jobs) == {bystander, blocker}
    assert "in pass_through" in found.stack
    assert loops.blocked == 1
    loops.submit(endings.job(answers))
    assert isinstance(endings.wait("answers"), TaskResult)


def test_a_loop_that_comes_back_ends_when_its_tasks_have(
    loops: UserLoopExecutor, endings: Endings, gate: Gate
) -> None:
    async def blocks(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["back"]}

    loops.submit(endings.job(blocks))
    assert gate._wait_for(1)
    until(lambda: is_blocked(loops))
    old = loops._loops[0]
    gate.open()
    assert isinstance(endings.wait("blocks"), TaskResult)
    until(lambda: not is_blocked(loops) and loops.blocked == 0, what="the old loop to be put away")
    until(old.bridge.loop.is_closed)


def test_an_idle_loop_is_never_taken_for_a_blocked_one(loops: UserLoopExecutor) -> None:
    first = loops._loops[0]
    for _ in range(3):
        assert loops.check(blocked_seconds=1_000.0) == []
        until(lambda: first.asked_at is None, what="the loop to have its turn")
    assert loops._loops == [first]


def test_a_loop_that_nobody_asked_is_not_blocked(loops: UserLoopExecutor) -> None:
    """`check` itself may come late: a host that was suspended must not find all its loops blocked."""
    loops.check()
    until(lambda: loops._loops[0].asked_at is None)
    threading.Event().wait(0.3)  # the host stands still
    assert loops.check(blocked_seconds=0.2) == []
    assert loops.blocked == 0


def test_an_ending_is_delivered_once(endings: Endings) -> None:
    job = endings.job(answers)
    ending = TaskResult(task_id="answers")
    job.finish(ending)
    job.finish(ending)
    assert not job.abandon()
    assert endings.of == {"answers": [ending]}


def test_an_abandoned_job_delivers_nothing(endings: Endings) -> None:
    job = endings.job(answers)
    assert job.abandon()
    job.finish(TaskResult(task_id="answers"))
    assert endings.of == {}


def test_a_cancel_that_came_first_is_heard_when_the_job_begins(endings: Endings) -> None:
    job = endings.job(answers)
    heard: list[str] = []
    job.cancel()
    job.allow_cancel(lambda: heard.append("cancel"))
    assert heard == ["cancel"]
