"""What a node finds in its `Runtime` on a host, and what its graph's `step_timeout` does there."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import START, RetryPolicy, Runtime, attempt, interrupt
from fastgraph.graph.compiled import CompiledGraph
from support.boots import House
from support.small_flows import Log, chain, new_graph, retrying, says

pytestmark = pytest.mark.anyio

SOON = RetryPolicy(initial_interval=0.05, jitter=False, max_attempts=3)
LATER = RetryPolicy(initial_interval=0.6, backoff_factor=1.0, jitter=False, max_attempts=3)


def log_of(result: bytes | None) -> Any:
    return orjson.loads(result or b"null")["log"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_every_attempt_knows_when_the_first_one_began(any_house: House, restarts: bool) -> None:
    seen: list[Any] = []

    def node(state: Log, runtime: Runtime[Any]) -> dict[str, Any]:
        assert runtime.execution_info is not None
        seen.append(runtime.execution_info.node_first_attempt_time)
        if attempt() < 3:
            raise ConnectionError("not yet")
        return {"log": ["at last"]}

    before = time.time()
    graph = retrying("retries", node, LATER if restarts else SOON)
    first = await any_house.boot(graph)
    run_id = await any_house.accept("retries")
    await any_house.tells(run_id, "node_retry")
    if restarts:
        await first.die()
        await any_house.free_dead(first)
        await any_house.boot(graph)
    assert (await any_house.ended(run_id)).status == "completed"
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert before - 1 < seen[0] < time.time()


async def test_a_step_that_takes_longer_than_its_graph_allows_fails(house: House) -> None:
    async def hang(state: Log) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    graph = chain("late", says("a"), hang)
    graph.step_timeout = 0.05
    await house.boot(graph)
    run = await house.ended(await house.accept("late"))
    error = orjson.loads(run.error or b"")
    assert (run.status, error["type"]) == ("failed", "TimeoutError")
    assert "step_timeout" in error["message"]


async def test_a_step_that_waits_for_a_person_has_no_clock(house: House) -> None:
    def ask(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("well?")]}

    graph = chain("asks", ask)
    graph.step_timeout = 0.2
    await house.boot(graph)
    run_id = await house.accept("asks")
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, "fine")
    assert log_of((await house.ended(run_id)).result) == ["fine"]


async def test_a_run_that_asks_to_stop_is_given_back_after_its_step_and_goes_on(any_house: House) -> None:
    def first(state: Log, runtime: Runtime[Any]) -> dict[str, Any]:
        assert runtime.control is not None
        runtime.control.request_drain("enough for now")
        return {"log": ["first"]}

    await any_house.boot(chain("stops", first, says("second")))
    run_id = await any_house.accept("stops")
    run = await any_house.ended(run_id)
    assert (run.status, log_of(run.result)) == ("completed", ["first", "second"])
    released = [commit for commit in any_house.commits_of(run_id) if commit.release]
    assert len(released) == 1
    assert len({commit.epoch for commit in any_house.commits_of(run_id)}) == 2


async def test_a_graph_inside_stops_between_its_steps_and_is_no_failure(any_house: House) -> None:
    counts: Counter[str] = Counter()

    def first(state: Log, runtime: Runtime[Any]) -> dict[str, Any]:
        counts["first"] += 1
        assert runtime.control is not None
        runtime.control.request_drain()
        return {"log": ["first"]}

    inner = chain("inner", first, says("second"))
    outer: CompiledGraph = new_graph().add_node("inner", inner).add_edge(START, "inner").compile(name="outer")
    await any_house.boot(outer)
    run_id = await any_house.accept("outer")
    run = await any_house.ended(run_id)
    assert (run.status, log_of(run.result)) == ("completed", ["first", "second"])
    assert counts == {"first": 1}
    assert "node_failed" not in await any_house.kinds(run_id)


async def test_a_long_node_sees_that_its_host_ends(house: House) -> None:
    def node(state: Log, runtime: Runtime[Any]) -> dict[str, Any]:
        while not runtime.drain_requested:
            threading.Event().wait(0.01)  # the node's own work, in small pieces
        return {"log": [runtime.drain_reason]}

    graph = chain("long", node, says("b"))
    first = await house.boot(graph)
    run_id = await house.accept("long")
    await house.tells(run_id, "node_started")
    await first.drain()
    assert "node_update" in await house.kinds(run_id)
    await house.boot(graph)
    assert log_of((await house.ended(run_id)).result) == ["its host was ended in order", "b"]
    [recovered] = await house.tells(run_id, "recovered")
    assert recovered["data"] == {"from_host": first.boot_id, "reason": "its host was ended in order"}
