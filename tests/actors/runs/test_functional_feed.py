"""Functional tasks and nodes of nested graphs on a host are seen in the feed, and use the server's cache."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import START, CachePolicy, entrypoint, task
from fastgraph.graph.compiled import CompiledGraph
from support.boots import House
from support.small_flows import Log, new_graph

pytestmark = pytest.mark.anyio


async def told(house: House, run_id: str, node: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of one node, without what differs from run to run."""
    return [
        (
            event["event"],
            {key: value for key, value in event["data"].items() if key not in {"task_id", "step"}},
        )
        for event in await house.events(run_id)
        if event.get("node") == node
    ]


async def test_functional_tasks_are_seen_in_the_feed_as_nested_nodes_are(any_house: House) -> None:
    @task
    def double(value: int) -> int:
        return value * 2

    @task
    async def fails() -> int:
        raise ValueError("no")

    @entrypoint()
    async def workflow(given: int) -> Any:
        doubled = await double(given)
        try:
            return await fails()
        except ValueError:
            return doubled

    await any_house.boot(workflow)
    run_id = await any_house.accept("workflow", 2)
    assert (await any_house.ended(run_id)).status == "completed"
    [(started, facts), (updated, result)] = await told(any_house, run_id, "double")
    assert (started, updated) == ("node_started", "node_update")
    assert facts["namespace"].startswith("workflow:")
    assert facts == {"attempt": 1, "namespace": facts["namespace"]}
    assert result == {"update": 4, "namespace": facts["namespace"]}
    [_, (failed, error)] = await told(any_house, run_id, "fails")
    assert (failed, error["error"]) == ("node_failed", {"type": "ValueError", "message": "no"})


async def test_a_large_result_of_a_task_is_summed_up_in_the_feed(house: House) -> None:
    @task
    def large() -> str:
        return "x" * 100_000

    @entrypoint()
    def workflow(given: int) -> int:
        return len(large().result())

    await house.boot(workflow)
    run_id = await house.accept("workflow", 2)
    await house.ended(run_id)
    [_, (_, result)] = await told(house, run_id, "large")
    assert result["update"]["size"] == 100_002
    assert len(result["update"]["preview"]) == 200


async def test_results_of_tasks_serve_other_runs_and_hosts(any_house: House) -> None:
    counts: Counter[str] = Counter()

    @task(cache_policy=CachePolicy())
    def double(value: int) -> int:
        counts["sync"] += 1
        return value * 2

    @task(cache_policy=CachePolicy(ttl=3600))
    async def triple(value: int) -> int:
        counts["async"] += 1
        return value * 3

    @entrypoint()
    def workflow(given: int) -> Any:
        return [double(given).result(), triple(given).result()]

    first = await any_house.boot(workflow)
    for given in (2, 2, 3):
        await any_house.ended(await any_house.accept("workflow", given))
    await first.drain()
    await any_house.boot(workflow)
    run_id = await any_house.accept("workflow", 3)
    run = await any_house.ended(run_id)
    assert (run.status, orjson.loads(run.result or b"")) == ("completed", [6, 9])
    assert counts == {"sync": 2, "async": 2}
    [_, (_, result)] = await told(any_house, run_id, "double")
    assert (result["cached"], result["update"]) == (True, 6)


async def test_results_of_nodes_of_nested_graphs_serve_other_runs(any_house: House) -> None:
    calls: list[Any] = []

    def node(state: Log) -> dict[str, Any]:
        calls.append(state["value"])
        return {"log": [len(calls)]}

    builder = new_graph()
    builder.add_node("node", node, cache_policy=CachePolicy())
    inner = builder.add_edge(START, "node").compile()
    outer: CompiledGraph = new_graph().add_node("inner", inner).add_edge(START, "inner").compile(name="outer")
    await any_house.boot(outer)
    results = []
    for value in ("a", "a", "b"):
        run_id = await any_house.accept("outer", {"value": value})
        await any_house.ended(run_id)
        results.append((await told(any_house, run_id, "node"))[1][1].get("cached", False))
    assert (calls, results) == (["a", "b"], [False, True, False])
