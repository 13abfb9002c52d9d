"""Pausing a run that executes: what runs may end and is kept, nothing new begins, and the pause outlives its host."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from fastgraph.database.control_records import PauseRun, SetPause, UnpauseRun
from fastgraph.database.records import TerminateRun
from fastgraph.events import EventKind
from fastgraph.graph.commands import interrupt
from fastgraph.status import RunStatus
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, held_by, parallel, says
from support.waiting import until_async

pytestmark = pytest.mark.anyio


async def order(house: House, operation: Any) -> None:
    """Write what somebody orders of a run, and hint at it as the API does."""
    committed = await house.writer.write(operation)
    for boot in house.boots:
        if boot.is_alive:
            boot.supervisor.tell_inbox_grew(committed.run_key)
    house.hint()


async def pause(house: House, run_id: str, reason: str | None = None) -> None:
    await order(house, PauseRun(run_id=run_id, reason=reason, now=datetime.now(UTC)))


async def unpause(house: House, run_id: str) -> None:
    await order(house, UnpauseRun(run_id=run_id, now=datetime.now(UTC)))


async def test_a_task_that_runs_may_end_and_nothing_new_begins(any_house: House) -> None:
    gate, counts = Gate(), Counter[str]()
    await any_house.boot(chain("two", held_by(gate, "first", counts), held_by(gate, "second", counts)))
    run_id = await any_house.accept("two")
    await gate.reached()
    await pause(any_house, run_id, "lunch")
    [paused] = await any_house.tells(run_id, "paused")
    assert paused["data"] == {"reason": "lunch"}
    gate.open()
    await any_house.tells(run_id, "node_update")
    run = await any_house.until(lambda: given_up(any_house, run_id), "the run to be given up")
    assert (run.status, run.waiting_for) == ("paused", "an unpause: it is paused")
    assert counts == {"first": 1}
    await unpause(any_house, run_id)
    assert (await any_house.ended(run_id)).status == "completed"
    assert counts == {"first": 1, "second": 1}
    kinds = await any_house.kinds(run_id)
    assert kinds.count("started") == kinds.count("paused") == kinds.count("unpaused") == 1
    assert kinds.index("paused") < kinds.index("node_update") < kinds.index("unpaused")


async def given_up(house: House, run_id: str) -> Any:
    run = await house.run(run_id)
    return run if run.owner is None else None


async def test_an_unpause_while_the_task_still_runs_lets_the_run_go_on_there(
    house: House, gate: Gate
) -> None:
    counts = Counter[str]()
    await house.boot(chain("two", held_by(gate, "first", counts), says("second")))
    run_id = await house.accept("two")
    await gate.reached()
    await pause(house, run_id)
    await house.tells(run_id, "paused")
    await unpause(house, run_id)
    await house.tells(run_id, "unpaused")
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert counts == {"first": 1}


async def test_a_pause_outlives_the_host_that_obeyed_it(any_house: House) -> None:
    gate, counts = Gate(), Counter[str]()
    graph = chain("two", held_by(gate, "first", counts), says("second"))
    first = await any_house.boot(graph)
    run_id = await any_house.accept("two")
    await gate.reached()
    await pause(any_house, run_id)
    await any_house.tells(run_id, "paused")
    await first.die()
    gate.open()
    await any_house.free_dead(first)
    await any_house.boot(graph)
    other = await any_house.accept("two")
    assert (await any_house.ended(other)).status == "completed"  # so the new host has looked for work
    assert (await any_house.run(run_id)).status == "paused"
    await unpause(any_house, run_id)
    assert (await any_house.ended(run_id)).status == "completed"
    assert counts == {"first": 3}  # the result of the killed host's task was never recorded


async def test_answers_to_a_paused_run_are_kept_and_it_stays_paused(any_house: House) -> None:
    def ask(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("what?")]}

    await any_house.boot(chain("asks", ask))
    run_id = await any_house.accept("asks")
    await any_house.reaches(run_id, "interrupted")
    await pause(any_house, run_id)
    await any_house.resume(run_id, "this")
    other = await any_house.accept("asks")
    await any_house.reaches(other, "interrupted")
    assert (await any_house.run(run_id)).status == "paused"
    await unpause(any_house, run_id)
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["this"]


async def test_an_interrupted_run_that_was_paused_is_interrupted_again(house: House) -> None:
    def ask(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("what?")]}

    await house.boot(chain("asks", ask))
    run_id = await house.accept("asks")
    await house.reaches(run_id, "interrupted")
    await pause(house, run_id)
    await unpause(house, run_id)
    run = await house.run(run_id)
    assert (run.status, run.waiting_for) == ("interrupted", "An answer for ask.")
    await house.resume(run_id, "this")
    assert (await house.ended(run_id)).status == "completed"


async def test_a_failure_ends_a_paused_run_and_a_sibling_s_result_is_kept(house: House, gate: Gate) -> None:
    def fails(state: Log) -> dict[str, Any]:
        gate.pass_through()
        raise ValueError("no")

    await house.boot(parallel("both", fails, held_by(gate)))
    run_id = await house.accept("both")
    await gate.reached(2)
    await pause(house, run_id)
    await house.tells(run_id, "paused")
    gate.open()
    assert (await house.ended(run_id)).status == "failed"


async def test_a_paused_run_is_cancelled_at_once(house: House) -> None:
    await house.boot(chain("one", says("first")))
    await house.writer.write(
        SetPause(scope="workflow", name="one", is_paused=True, who="me", now=datetime.now(UTC))
    )
    run_id = await house.accept("one")
    await pause(house, run_id)
    assert (await house.run(run_id)).status == "paused"
    await house.send(run_id, "cancel")
    assert (await house.run(run_id)).status == "cancelled"


async def test_a_run_that_is_terminated_stops_although_its_task_commits_nothing(any_house: House) -> None:
    gate = Gate()
    boot = await any_house.boot(chain("stays", held_by(gate)))
    run_id = await any_house.accept("stays")
    await gate.reached()
    await order(
        any_house,
        TerminateRun(
            run_id=run_id,
            status=RunStatus.CANCELLED,
            kind=EventKind.CANCELLED,
            data=None,
            error=None,
            now=datetime.now(UTC),
        ),
    )
    assert (await any_house.run(run_id)).status == "cancelled"

    async def is_gone() -> bool:
        return boot.supervisor.active_runs == 0

    await until_async(is_gone, what="the actor of the ended run to go")
    gate.open()
    assert (await any_house.kinds(run_id))[-1] == "cancelled"
