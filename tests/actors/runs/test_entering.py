"""Runs that enter a thread otherwise than with a new input at its end: going on, forking, branching off, changing it."""

from __future__ import annotations

from typing import Any

import pytest

from fastgraph import START
from fastgraph.ids import checkpoint_id
from support.boots import House
from support.small_flows import Log, chain, new_graph, says

pytestmark = pytest.mark.anyio

THREAD = "00000000-0000-4000-8000-0000000000aa"


async def first_run(house: House, workflow: str = "w", **facts: Any) -> str:
    run_id = await house.accept(workflow, thread_id=THREAD, **facts)
    await house.ended(run_id)
    return run_id


async def checkpoint(house: House, run_id: str, number: int) -> str:
    return checkpoint_id((await house.run(run_id)).thread_key, number)


async def test_a_failed_step_goes_on_and_what_had_finished_is_not_repeated(any_house: House) -> None:
    ran: list[str] = []

    def steady(state: Log) -> dict[str, Any]:
        ran.append("steady")
        return {"log": ["steady"]}

    def shaky(state: Log) -> dict[str, Any]:
        ran.append("shaky")
        if ran.count("shaky") == 1:
            raise LookupError("not yet")
        return {"log": ["shaky"]}

    builder = new_graph().add_node("steady", steady).add_node("shaky", shaky)
    graph = builder.add_edge(START, "steady").add_edge(START, "shaky").compile(name="w")
    await any_house.boot(graph)
    failed = await first_run(any_house)
    assert (await any_house.run(failed)).status == "failed"
    again = await any_house.accept("w", None, thread_id=THREAD)
    assert (await any_house.ended(again)).status == "completed"
    assert (await any_house.values(again))["log"] == ["shaky", "steady"]
    assert sorted(ran) == ["shaky", "shaky", "steady"]


async def test_there_must_be_something_to_go_on_with(house: House) -> None:
    await house.boot(chain("w", says("a")))
    run = await house.ended(await house.accept("w", None))
    assert run.status == "failed"
    assert b"no checkpoint to go on from" in (run.error or b"")


async def test_a_fork_executes_what_came_after_its_checkpoint_once_more(any_house: House) -> None:
    await any_house.boot(chain("w", says("a"), says("b")))
    first = await first_run(any_house)
    after_a = await checkpoint(any_house, first, 2)
    fork = await any_house.accept("w", None, thread_id=THREAD, config={"checkpoint_id": after_a})
    assert (await any_house.ended(fork)).status == "completed"
    assert (await any_house.values(fork))["log"] == ["a", "b"]
    assert [event["node"] for event in await any_house.tells(fork, "node_update")] == ["b"]


async def test_an_input_may_branch_off_an_older_checkpoint(any_house: House) -> None:
    await any_house.boot(chain("w", says("a"), says("b")))
    first = await first_run(any_house)
    after_a = await checkpoint(any_house, first, 2)
    branch = await any_house.accept(
        "w", {"log": ["new"]}, thread_id=THREAD, config={"checkpoint_id": after_a}
    )
    await any_house.ended(branch)
    assert (await any_house.values(branch))["log"] == ["a", "new", "a", "b"]


async def test_a_state_is_changed_as_if_a_node_had_spoken(any_house: House) -> None:
    await any_house.boot(chain("w", says("a"), says("b")))
    await first_run(any_house)
    update = [[{"values": {"log": ["told"]}, "as_node": "a"}]]
    changed = await any_house.accept("w", None, thread_id=THREAD, config={"update_state": update})
    run = await any_house.ended(changed)
    assert run.status == "completed", run.error
    assert b"checkpoint_id" in (run.result or b"")
    assert (await any_house.values(changed))["log"] == ["a", "b", "told"]
    assert "node_started" not in await any_house.kinds(changed), "nothing is executed"
    went_on = await any_house.accept("w", None, thread_id=THREAD)
    await any_house.ended(went_on)
    assert (await any_house.values(went_on))["log"] == ["a", "b", "told", "b"]


async def test_several_steps_of_updates_are_several_checkpoints(house: House) -> None:
    await house.boot(chain("w", says("a"), says("b")))
    first = await first_run(house)
    before = (await house.run(first)).checkpoint_number
    update = [[{"values": {"log": [n]}, "as_node": "b"}] for n in (1, 2, 3)]
    changed = await house.accept("w", None, thread_id=THREAD, config={"update_state": update})
    assert (await house.ended(changed)).checkpoint_number == before + 3
    assert (await house.values(changed))["log"] == ["a", "b", 1, 2, 3]


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ([[{"values": {"log": [1]}, "as_node": "nobody"}]], b"Node nobody does not exist"),
        ([[{"values": 7, "as_node": "a"}]], b"Expected dict"),
    ],
)
async def test_an_update_that_can_not_be_fails_and_changes_nothing(
    house: House, update: Any, words: bytes
) -> None:
    await house.boot(chain("w", says("a")))
    first = await first_run(house)
    number = (await house.run(first)).checkpoint_number
    run = await house.ended(await house.accept("w", None, thread_id=THREAD, config={"update_state": update}))
    assert run.status == "failed"
    assert words in (run.error or b"")
    assert run.checkpoint_number in (0, number)


async def test_an_older_checkpoint_is_changed_and_gone_on_with(any_house: House) -> None:
    await any_house.boot(chain("w", says("a"), says("b")))
    first = await first_run(any_house)
    after_a = await checkpoint(any_house, first, 2)
    config = {"update_state": [[{"values": {"log": ["told"]}, "as_node": "a"}]], "checkpoint_id": after_a}
    changed = await any_house.accept("w", None, thread_id=THREAD, config=config)
    assert (await any_house.ended(changed)).status == "completed"
    went_on = await any_house.accept("w", None, thread_id=THREAD)
    await any_house.ended(went_on)
    assert (await any_house.values(went_on))["log"] == ["a", "told", "b"]


async def test_a_change_as_the_input_is_an_input_that_nothing_is_executed_for(any_house: House) -> None:
    await any_house.boot(chain("w", says("a")))
    config = {"update_state": [[{"values": {"log": ["given"]}, "as_node": "__input__"}]]}
    changed = await any_house.accept("w", None, thread_id=THREAD, config=config)
    assert (await any_house.ended(changed)).status == "completed"
    assert "node_started" not in await any_house.kinds(changed)
    went_on = await any_house.accept("w", None, thread_id=THREAD)
    await any_house.ended(went_on)
    assert (await any_house.values(went_on))["log"] == ["given", "a"]
