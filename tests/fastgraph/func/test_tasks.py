"""Functional tasks: kept by the order of their calls, executed in threads or on the loop, over when their node is."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fastgraph import Command, InMemorySaver, RetryPolicy, entrypoint, interrupt, once, sleep_until, task
from fastgraph.errors import OutsideNodeError, UnstorableValueError

AT_ONCE = RetryPolicy(initial_interval=0.0, jitter=False)


def thread(name: str = "1") -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


def test_a_task_that_has_its_result_is_not_executed_on_a_retry_of_the_workflow() -> None:
    """LangGraph executes it again on each attempt."""
    calls: list[str] = []

    @task
    def effect() -> str:
        calls.append("effect")
        return "done"

    @entrypoint(retry_policy=AT_ONCE)
    def workflow(given: int) -> str:
        result: str = effect().result()
        calls.append("workflow")
        if calls.count("workflow") < 3:
            raise ConnectionError
        return result

    assert list(workflow.stream(1)) == [{"effect": "done"}, {"workflow": "done"}]
    assert calls == ["effect", "workflow", "workflow", "workflow"]


def test_sync_tasks_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    @task
    def meets(name: str) -> str:
        together.wait()
        return name

    @entrypoint()
    def workflow(names: list[str]) -> list[str]:
        return [future.result() for future in [meets(name) for name in names]]

    assert workflow.invoke(["a", "b", "c"]) == ["a", "b", "c"]


def test_futures_of_async_code_can_be_gathered_and_hold_tasks_of_both_colours() -> None:
    @task
    def plain(value: int) -> int:
        return value + 1

    @task
    async def on_loop(value: int) -> int:
        return value + 2

    @entrypoint()
    async def workflow(value: int) -> list[int]:
        return list(await asyncio.gather(plain(value), on_loop(value), plain(value + 10)))

    assert asyncio.run(workflow.ainvoke(1)) == [2, 3, 12]


def test_a_task_nobody_waits_for_is_over_before_the_workflow_is() -> None:
    may_end, ended = threading.Event(), threading.Event()

    @task
    def slow() -> None:
        may_end.wait(10)
        ended.set()

    @entrypoint()
    def workflow(given: int) -> str:
        slow()
        may_end.set()
        return "first"

    assert workflow.invoke(1) == "first"
    assert ended.is_set()


def test_tasks_of_one_name_are_told_apart_and_so_are_those_in_tasks() -> None:
    calls: list[Any] = []

    @task
    def leaf(value: int) -> int:
        calls.append(value)
        return value * 10

    @task
    def branch(value: int) -> list[int]:
        return [leaf(value).result(), leaf(value + 1).result()]

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(given: int) -> Any:
        found = [branch(1).result(), leaf(5).result(), branch(7).result()]
        return [*found, interrupt("?")]

    workflow.invoke(1, thread())
    assert workflow.invoke(Command(resume="yes"), thread()) == [[10, 20], 50, [70, 80], "yes"]
    assert calls == [1, 2, 5, 7, 8]


def test_parallel_questions_come_one_after_the_other_by_default() -> None:
    @task
    def ask(question: str) -> Any:
        return interrupt(question)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(given: int) -> list[Any]:
        return [future.result() for future in [ask("a"), ask("b")]]

    assert [item.value for item in workflow.invoke(1, thread())["__interrupt__"]] == ["a"]
    assert [item.value for item in workflow.invoke(Command(resume="A"), thread())["__interrupt__"]] == ["b"]
    assert workflow.invoke(Command(resume="B"), thread()) == ["A", "B"]


def test_collected_questions_are_asked_together_and_nothing_runs_before_all_are_answered() -> None:
    calls: list[str] = []

    @task
    def ask(question: str) -> Any:
        calls.append(question)
        return interrupt(question)

    @entrypoint(checkpointer=InMemorySaver(), collect_interrupts=True)
    def workflow(given: int) -> list[Any]:
        calls.append("workflow")
        return [future.result() for future in [ask("a"), ask("b"), ask("c")]]

    asked = {item.value: item.id for item in workflow.invoke(1, thread())["__interrupt__"]}
    assert list(asked) == ["a", "b", "c"]
    before = list(calls)
    left = workflow.invoke(Command(resume={asked["b"]: "B"}), thread())["__interrupt__"]
    assert ([item.value for item in left], calls) == (["a", "c"], before)
    assert [item.value for item in workflow.get_state(thread()).interrupts] == ["a", "c"]
    answers = {asked["a"]: "A", asked["c"]: "C"}
    assert workflow.invoke(Command(resume=answers), thread()) == ["A", "B", "C"]
    assert calls.count("workflow") == 2


def test_parallel_tasks_wait_for_their_timers_at_the_same_time() -> None:
    rounds: list[int] = []

    @task
    def nap(seconds: float) -> float:
        sleep_until(datetime.now(UTC) + timedelta(seconds=seconds))
        return seconds

    @entrypoint()
    def workflow(given: int) -> list[float]:
        rounds.append(1)
        return [future.result() for future in [nap(0.02), nap(0.02), nap(0.02)]]

    began = time.monotonic()
    assert workflow.invoke(1) == [0.02] * 3
    assert len(rounds) <= 3, "one after the other would be four"
    assert time.monotonic() - began >= 0.02


def test_once_in_a_task_belongs_to_that_call_of_the_task() -> None:
    calls: list[int] = []

    @task
    def effect(value: int) -> Any:
        def act() -> int:
            calls.append(value)
            return value

        return [once("effect", act), interrupt(value)]

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(given: int) -> Any:
        return [effect(1).result(), effect(2).result()]

    workflow.invoke(1, thread())
    workflow.invoke(Command(resume="A"), thread())
    assert workflow.invoke(Command(resume="B"), thread()) == [[1, "A"], [2, "B"]]
    assert calls == [1, 2]


def test_a_result_comes_back_as_the_type_that_the_task_returns() -> None:
    from datetime import UTC, datetime

    from pydantic import BaseModel

    class Found(BaseModel):
        at: datetime
        names: set[str]

    seen: list[Any] = []

    @task
    def find() -> Found:
        return Found(at=datetime(2026, 1, 1, tzinfo=UTC), names={"a"})

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(given: int) -> str:
        seen.append(find().result())
        return str(interrupt("?"))

    workflow.invoke(1, thread())
    workflow.invoke(Command(resume="yes"), thread())
    assert seen == [Found(at=datetime(2026, 1, 1, tzinfo=UTC), names={"a"})] * 2


def test_a_result_that_can_not_be_kept_fails_its_task() -> None:
    @task
    def give() -> Any:
        return threading.Lock()

    @entrypoint()
    def workflow(given: int) -> Any:
        return give().result()

    with pytest.raises(UnstorableValueError, match="result of task 'give'"):
        workflow.invoke(1)


def test_tasks_need_a_workflow_around() -> None:
    @task
    def alone() -> None: ...

    with pytest.raises(OutsideNodeError):
        alone()


def test_an_async_task_of_a_sync_workflow_gets_a_loop_of_its_own() -> None:
    """In LangGraph this works under `ainvoke` only."""

    @task
    async def on_loop(value: int) -> int:
        await asyncio.sleep(0)
        return value + 1

    @entrypoint()
    def workflow(given: int) -> list[int]:
        return [future.result() for future in [on_loop(given), on_loop(given + 1)]]

    assert workflow.invoke(1) == asyncio.run(workflow.ainvoke(1)) == [2, 3]
