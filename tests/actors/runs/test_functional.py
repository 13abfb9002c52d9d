"""Workflows as functions on a host: results of tasks and of `once` are rows, so a crash repeats none of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import entrypoint, interrupt, interrupt_all, once, task
from fastgraph.database.runs import RunView
from support.boots import House
from support.gates import Gate

pytestmark = pytest.mark.anyio


def result_of(run: RunView) -> Any:
    return orjson.loads(run.result or b"null")


async def test_finished_tasks_and_effects_are_not_repeated_after_a_crash(any_house: House) -> None:
    counts: Counter[str] = Counter()
    gate = Gate()

    @task
    def double(value: int) -> int:
        counts[f"double {value}"] += 1
        return value * 2

    @task
    def holds() -> str:
        counts["holds"] += 1
        gate.pass_through()
        return "held"

    def effect() -> str:
        counts["effect"] += 1
        return "charged"

    @entrypoint()
    def workflow(given: list[int]) -> Any:
        counts["workflow"] += 1
        charge = once("charge", effect)
        return [charge, *(future.result() for future in [double(value) for value in given]), holds().result()]

    first = await any_house.boot(workflow)
    run_id = await any_house.accept("workflow", [1, 2])
    await gate.reached()
    await first.die()
    gate.open()
    await any_house.free_dead(first)
    await any_house.boot(workflow)
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert result_of(run) == ["charged", 2, 4, "held"]
    assert {counts[name] for name in ("double 1", "double 2", "effect")} == {1}
    assert (counts["workflow"], counts["holds"]) == (2, 2)


async def test_async_tasks_run_on_the_hosts_loop(any_house: House) -> None:
    @task
    async def double(value: int) -> int:
        return value * 2

    @entrypoint()
    async def workflow(given: int) -> int:
        return await double(given) + await double(given + 1)

    await any_house.boot(workflow)
    run = await any_house.ended(await any_house.accept("workflow", 3))
    assert (run.status, result_of(run)) == ("completed", 14)


async def test_a_partial_answer_executes_nothing_where_questions_are_collected(any_house: House) -> None:
    counts: Counter[str] = Counter()

    @task
    def ask(question: str) -> Any:
        counts[question] += 1
        return interrupt(question)

    @entrypoint(collect_interrupts=True)
    def workflow(given: Any) -> Any:
        counts["workflow"] += 1
        return [future.result() for future in [ask("a"), ask("b")]]

    await any_house.boot(workflow)
    run_id = await any_house.accept("workflow", 1)
    await any_house.reaches(run_id, "interrupted")
    asked = {
        orjson.loads(question.value): question.interrupt_id for question in await any_house.pending(run_id)
    }
    assert sorted(asked) == ["a", "b"]
    await any_house.answer(run_id, {asked["a"]: "A"})
    await any_house.tells(run_id, "resumed")
    assert counts == {"workflow": 1, "a": 1, "b": 1}
    await any_house.answer(run_id, {asked["b"]: "B"})
    run = await any_house.ended(run_id)
    assert (run.status, result_of(run)) == ("completed", ["A", "B"])
    assert counts == {"workflow": 2, "a": 2, "b": 2}


async def test_several_questions_of_one_call_are_asked_together(any_house: House) -> None:
    @entrypoint()
    def workflow(given: Any) -> Any:
        return interrupt_all(["a", "b"])

    await any_house.boot(workflow)
    run_id = await any_house.accept("workflow", 1)
    await any_house.reaches(run_id, "interrupted")
    asked = await any_house.pending(run_id)
    assert len(asked) == 2
    await any_house.answer(run_id, {question.interrupt_id: question.position for question in asked})
    run = await any_house.ended(run_id)
    assert (run.status, result_of(run)) == ("completed", [0, 1])


async def test_the_next_run_of_a_thread_finds_what_was_saved(any_house: House) -> None:
    @entrypoint()
    def total(given: int, *, previous: int | None = None) -> Any:
        return entrypoint.final(value=previous, save=(previous or 0) + given)

    await any_house.boot(total)
    results = []
    for number in (1, 2, 3):
        run_id = await any_house.accept("total", number, thread_id="t-1")
        results.append(result_of(await any_house.ended(run_id)))
    assert results == [None, 1, 3]
