"""Hosts that do not fit a run: a workflow that changed while the run waited, and hosts that are for one run alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.runs.messages import Claim
from actors.runtime import ref_ask
from fastgraph import interrupt
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, says

pytestmark = pytest.mark.anyio


# Hosts that do not fit.


async def test_a_run_whose_next_node_is_gone_stays_and_says_why(any_house: House) -> None:
    first = await any_house.boot(chain("changing", says("a"), asks, says("b")))
    run_id = await any_house.accept("changing")
    await any_house.reaches(run_id, "interrupted")
    await first.die()
    await any_house.free_dead(first)
    second = await any_house.boot(chain("changing", says("a"), says("b")))
    await any_house.resume(run_id, "yes")
    run = await any_house.until(lambda: is_explained(any_house, run_id))
    assert run.status == "interrupted"
    assert "no node 'asks'" in (run.waiting_for or "")
    epoch = run.epoch
    for _ in range(5):
        any_house.hint()
        await any_house.ended(await any_house.accept("changing"))
    assert (await any_house.run(run_id)).epoch == epoch, "it was claimed again and again"
    await second.die()
    await any_house.free_dead(second)
    await any_house.boot(chain("changing", says("a"), asks, says("b")))
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["a", "yes", "b"]


def asks(state: Log) -> dict[str, Any]:
    return {"log": [interrupt("?")]}


async def is_explained(house: House, run_id: str) -> Any:
    run = await house.run(run_id)
    return run if run.owner is None and "has changed" in (run.waiting_for or "") else None


async def test_a_run_that_fits_no_host_can_still_be_cancelled(house: House) -> None:
    first = await house.boot(chain("changing", asks))
    run_id = await house.accept("changing")
    await house.reaches(run_id, "interrupted")
    await first.die()
    await house.free_dead(first)
    await house.boot(chain("changing", says("a")))
    await house.resume(run_id, "yes")
    await house.until(lambda: is_explained(house, run_id))
    await house.send(run_id, "cancel")
    run = await house.run(run_id)
    assert (run.status, run.waiting_for) == ("cancelled", None)


async def test_a_run_goes_on_in_a_changed_workflow_that_has_its_next_node(house: House) -> None:
    first = await house.boot(chain("changing", asks, says("old")))
    run_id = await house.accept("changing")
    await house.reaches(run_id, "interrupted")
    await first.die()
    await house.free_dead(first)
    await house.boot(chain("changing", asks, says("new")))
    await house.resume(run_id, "yes")
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == ["yes", "new"]


# A host for one run alone.


async def test_a_host_for_one_run_ends_when_it_has_left_or_can_not_be_had(house: House) -> None:
    has_left = asyncio.Event()
    await house.boot(chain("chain", says("a")))
    run_id = await house.accept("chain")
    await house.ended(run_id)
    await house.boot(chain("chain", says("a")), only_run_id=run_id, on_only_left=has_left.set)
    await asyncio.wait_for(has_left.wait(), 10)


async def test_a_host_for_one_run_stays_while_it_runs_however_often_it_looks_for_work(house: House) -> None:
    has_left = asyncio.Event()
    run_id = await house.accept("chain")
    gate = Gate()
    alone = await house.boot(chain("chain", waits_at(gate)), only_run_id=run_id, on_only_left=has_left.set)
    await house.reaches(run_id, "running")
    for _ in range(3):
        await ref_ask(alone.supervisor.actor_ref, Claim())
    assert not has_left.is_set()
    gate.open()
    await asyncio.wait_for(has_left.wait(), 10)
    assert (await house.ended(run_id)).status == "completed"


def waits_at(gate: Gate) -> Any:
    def held(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["held"]}

    return held
