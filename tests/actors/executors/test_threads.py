"""Threads for sync nodes: one each up to a limit, reused, never waited for, replaced where they are lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors.executors.executor import FunctionJob
from actors.executors.threads import ThreadExecutor, stack_of
from support.gates import Gate
from support.waiting import until

WITHIN_SECONDS = 30.0


class Done:
    """Ends of jobs, in the order in which they came."""

    def __init__(self) -> None:
        self.ends: list[Any] = []
        self._changed = threading.Condition()

    def job(self, function: Callable[[], Any]) -> FunctionJob:
        return FunctionJob(function, self._end)

    def _end(self, answer: Any, error: BaseException | None) -> None:
        with self._changed:
            self.ends.append(answer if error is None else error)
            self._changed.notify_all()

    def wait(self, count: int) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.ends) >= count, WITHIN_SECONDS), self.ends
            return self.ends


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def done() -> Done:
    return Done()


@pytest.fixture
def two() -> Iterator[ThreadExecutor]:
    threads = ThreadExecutor(2)
    yield threads
    threads.stop()
    until(lambda: threads.busy == 0, what="all threads to come back")


def blocked(gate: Gate) -> str:
    gate.pass_through()
    return "came back"


def come_to(gate: Gate, times: int) -> None:
    assert gate._wait_for(times), f"{gate.arrivals} of {times} came"


def test_a_thread_is_used_again(two: ThreadExecutor, done: Done) -> None:
    for number in range(1, 6):
        two.submit(done.job(threading.get_ident))
        done.wait(number)
        until(lambda: two.busy == 0)
    assert len(set(done.ends)) == 1


def test_no_more_run_at_once_than_the_limit_allows(two: ThreadExecutor, done: Done, gate: Gate) -> None:
    for _ in range(5):
        two.submit(done.job(lambda: blocked(gate)))
    come_to(gate, 2)
    assert (two.busy, gate.arrivals) == (2, 2)
    gate.open()
    assert done.wait(5) == ["came back"] * 5


def test_what_waits_runs_in_order(done: Done, gate: Gate) -> None:
    one = ThreadExecutor(1)
    one.submit(done.job(lambda: blocked(gate)))
    for number in range(20):
        one.submit(done.job(lambda number=number: number))  # type: ignore[misc]
    come_to(gate, 1)
    gate.open()
    assert done.wait(21)[1:] == list(range(20))
    one.stop()


def test_urgent_work_does_not_wait_for_nodes_that_hold_all_threads(
    two: ThreadExecutor, done: Done, gate: Gate
) -> None:
    for _ in range(3):
        two.submit(done.job(lambda: blocked(gate)))
    come_to(gate, 2)
    two.submit(done.job(lambda: "urgent"), is_urgent=True)
    assert done.wait(1) == ["urgent"]
    gate.open()
    assert len(done.wait(4)) == 4
    until(lambda: two._threads <= 2, what="the urgent thread to end")


def test_an_abandoned_thread_gives_its_place_to_what_waits(
    two: ThreadExecutor, done: Done, gate: Gate
) -> None:
    lost = [done.job(lambda: blocked(gate)) for _ in range(2)]
    for job in lost:
        two.submit(job)
    two.submit(done.job(lambda: "waited"))
    come_to(gate, 2)
    two.give_up(lost[0])
    assert done.wait(1) == ["waited"]
    assert two.abandoned == 1
    gate.open()
    done.wait(3)
    until(lambda: two.abandoned == 0 and two._threads <= 2, what="the lost thread to be counted again")


def test_giving_up_on_a_job_that_has_ended_counts_nothing(two: ThreadExecutor, done: Done) -> None:
    job = done.job(lambda: "ended")
    two.submit(job)
    done.wait(1)
    until(lambda: two.busy == 0)
    two.give_up(job)
    assert two.abandoned == 0


def test_a_job_that_is_given_up_before_its_turn_never_runs(
    two: ThreadExecutor, done: Done, gate: Gate
) -> None:
    for _ in range(2):
        two.submit(done.job(lambda: blocked(gate)))
    late = done.job(lambda: "late")
    two.submit(late)
    come_to(gate, 2)
    two.give_up(late)
    assert two.abandoned == 0
    gate.open()
    assert done.wait(2) == ["came back"] * 2


@pytest.mark.parametrize("leaving", [SystemExit("bye"), KeyboardInterrupt(), ValueError("no")])
def test_what_a_function_raises_goes_to_who_asked(
    two: ThreadExecutor, done: Done, leaving: BaseException
) -> None:
    def raises() -> None:
        raise leaving

    two.submit(done.job(raises))
    assert done.wait(1) == [leaving]
    two.submit(done.job(lambda: "goes on"))
    assert done.wait(2)[1] == "goes on"


def test_an_executor_that_was_stopped_starts_nothing(done: Done, gate: Gate) -> None:
    one = ThreadExecutor(1)
    one.submit(done.job(lambda: blocked(gate)))
    one.submit(done.job(lambda: "never"))
    come_to(gate, 1)
    one.stop()
    one.submit(done.job(lambda: "nor this"))
    gate.open()
    until(lambda: one._threads == 0)
    assert done.ends == ["came back"]


def test_a_system_without_threads_lets_the_job_wait(
    two: ThreadExecutor, done: Done, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.submit(done.job(lambda: blocked(gate)))
    come_to(gate, 1)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        two.submit(done.job(lambda: "later"))
    gate.open()
    assert done.wait(2) == ["came back", "later"]


def test_the_stack_of_a_blocked_node_names_where_it_stands(
    two: ThreadExecutor, done: Done, gate: Gate
) -> None:
    job = done.job(lambda: blocked(gate))
    two.submit(job)
    come_to(gate, 1)
    assert "in pass_through" in stack_of(job.thread_id)
    assert stack_of(None) == ""
    assert stack_of(2**60) == ""
