"""Child runs: started once, waited for without an owner, and ended with their parents where those say so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from actors.timekeeper.closing import close_children
from fastgraph.database.children import list_children
from fastgraph.database.records import SendSignal
from fastgraph.database.runs import RunFilters, list_runs
from fastgraph.errors import ChildRunError, WorkflowNotFoundError
from fastgraph.graph.child_runs import run_workflow, start_run
from fastgraph.graph.waits import wait_for_signal
from support.boots import House
from support.small_flows import Log, chain, says

pytestmark = pytest.mark.anyio


def waits(state: Log) -> dict[str, Any]:
    return {"log": [wait_for_signal("go")]}


def fails(state: Log) -> dict[str, Any]:
    raise ValueError("no luck")


async def children_of(house: House, run_id: str) -> list[str]:
    run = await house.run(run_id)
    async with house.store.readers.connect() as connection:
        return (await list_children(connection, run_keys=[run.key])).get(run.key, [])


async def test_a_parent_waits_for_its_child_and_gets_its_result(any_house: House) -> None:
    counts: Counter[str] = Counter()

    def parent(state: Log) -> dict[str, Any]:
        counts["parent"] += 1
        result = run_workflow("small", {"log": ["given"]}, tags=["t"])
        return {"log": result["log"]}

    async def parent_async(state: Log) -> dict[str, Any]:
        result = await run_workflow("small", {"log": ["given"]})
        return {"log": result["log"]}

    await any_house.boot(chain("small", says("x")), chain("big", parent), chain("big-async", parent_async))
    for name in ("big", "big-async"):
        run_id = await any_house.accept(name)
        run = await any_house.ended(run_id)
        assert run.status == "completed", run.error
        assert (await any_house.values(run_id))["log"] == ["given", "x"]
        [child] = await children_of(any_house, run_id)
        [started] = await any_house.tells(run_id, "child_started")
        assert started["data"] == {"run_id": child, "workflow": "small", "key": "child:0"}
        assert (await any_house.run(child)).status == "completed"
    assert counts["parent"] == 2
    async with any_house.store.readers.connect() as connection:
        page = await list_runs(connection, filters=RunFilters(parent=run_id))
    assert [item.run_id for item in page.runs] == [child]
    assert page.runs[0].parent_run_id == run_id


async def test_a_waiting_parent_has_no_owner_and_is_woken_across_hosts(any_house: House) -> None:
    def parent(state: Log) -> dict[str, Any]:
        return {"log": run_workflow("slow")["log"]}

    graphs = chain("slow", waits), chain("big", parent)
    first = await any_house.boot(*graphs)
    run_id = await any_house.accept("big")
    run = await any_house.reaches(run_id, "waiting")
    [child] = await children_of(any_house, run_id)
    assert (run.owner, run.waiting_for) == (None, f"Child run {child}.")
    await any_house.reaches(child, "waiting")
    await first.die()
    await any_house.free_dead(first)
    await any_house.boot(*graphs)
    await any_house.writer.write(SendSignal(run_id=child, name="go", body=b"5", now=datetime.now(UTC)))
    any_house.hint()
    run = await any_house.ended(run_id)
    assert (run.status, (await any_house.values(run_id))["log"]) == ("completed", [5])
    assert (await any_house.tells(run_id, "child_ended"))[0]["data"] == {
        "run_id": child,
        "status": "completed",
    }


async def test_a_child_that_fails_or_is_too_slow_raises_in_the_node(house: House) -> None:
    def parent(state: Log) -> dict[str, Any]:
        try:
            run_workflow("bad")
        except ChildRunError as error:
            return {"log": [error.status, (error.error or {})["type"]]}
        return {}

    def hasty(state: Log) -> dict[str, Any]:
        try:
            run_workflow("slow", timeout=0.05)
        except ChildRunError as error:
            return {"log": [error.status]}
        return {}

    def lost(state: Log) -> dict[str, Any]:
        try:
            start_run("nowhere")
        except WorkflowNotFoundError as error:
            return {"log": [type(error).__name__]}
        return {}

    await house.boot(
        chain("bad", fails),
        chain("slow", waits),
        chain("big", parent),
        chain("hasty", hasty),
        chain("lost", lost),
    )
    for name, log in (
        ("big", ["failed", "ValueError"]),
        ("hasty", ["not in time"]),
        ("lost", ["WorkflowNotFoundError"]),
    ):
        run_id = await house.accept(name)
        run = await house.ended(run_id)
        assert run.status == "completed", run.error
        assert (await house.values(run_id))["log"] == log


async def test_a_node_that_runs_again_finds_the_children_that_it_started(house: House) -> None:
    def parent(state: Log) -> dict[str, Any]:
        ids = [start_run("small"), start_run("small"), start_run("small", key="own")]
        return {"log": [wait_for_signal("go"), ids]}

    first = await house.boot(chain("small", says("x")), chain("big", parent))
    run_id = await house.accept("big")
    await house.reaches(run_id, "waiting")
    children = await children_of(house, run_id)
    assert len(children) == 3
    await first.die()
    await house.free_dead(first)
    await house.boot(chain("small", says("x")), chain("big", parent))
    await house.writer.write(SendSignal(run_id=run_id, name="go", body=b"5", now=datetime.now(UTC)))
    house.hint()
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == [5, children]
    assert await children_of(house, run_id) == children


async def test_children_end_with_their_parent_as_their_policy_says(any_house: House) -> None:
    def parent(state: Log) -> dict[str, Any]:
        for policy in ("abandon", "cancel", "terminate"):
            start_run("slow", parent_close_policy=policy, name=policy)
        return {}

    boot = await any_house.boot(chain("slow", waits), chain("big", parent))
    run_id = await any_house.accept("big")
    await any_house.ended(run_id)
    abandoned, cancelled, terminated = await children_of(any_house, run_id)
    for child in (abandoned, cancelled, terminated):
        await any_house.reaches(child, "waiting")
    await close_children(boot.tools)
    assert (await any_house.ended(cancelled)).status == "cancelled"
    run = await any_house.ended(terminated)
    assert orjson.loads(run.error or b"{}")["type"] == "Terminated"
    assert (await any_house.run(abandoned)).status == "waiting"
    await close_children(boot.tools)
