"""Dataflow graphs on the server: branches do not wait for one another, and a dead host costs nothing that was recorded."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import START, interrupt
from support.boots import House
from support.small_flows import Log, new_graph, says

pytestmark = pytest.mark.anyio

WAIT_SECONDS = 30


def wide(slow: Any, last: Any, counts: Counter[str]) -> Any:
    """START -> slow -> end beside START -> f1 -> f2 -> f3 -> end."""

    def counted(name: str) -> Any:
        def node(state: Log) -> dict[str, Any]:
            counts[name] += 1
            return {"log": [name]}

        return node

    builder = new_graph()
    for name, node in (
        ("slow", slow),
        ("f1", counted("f1")),
        ("f2", counted("f2")),
        ("f3", last),
        ("end", says("end")),
    ):
        builder.add_node(name, node)
    for source, target in ((START, "slow"), (START, "f1"), ("f1", "f2"), ("f2", "f3"), ("f3", "end")):
        builder.add_edge(source, target)
    builder.add_edge("slow", "end")
    return builder.compile(name="wide", dataflow=True)


async def test_a_slow_node_does_not_hold_the_branch_beside_it(any_house: House) -> None:
    """The slow node waits until the other branch is done: with a barrier it would wait for ever."""
    reached = threading.Event()

    def slow(state: Log) -> dict[str, Any]:
        assert reached.wait(WAIT_SECONDS)
        return {"log": ["slow"]}

    def last(state: Log) -> dict[str, Any]:
        reached.set()
        return {"log": ["f3"]}

    await any_house.boot(wide(slow, last, Counter()))
    run_id = await any_house.accept("wide")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert orjson.loads(run.result or b"") == {"log": ["f1", "slow", "f2", "f3", "end"]}
    updates = [event["node"] for event in await any_house.events(run_id) if event["event"] == "node_update"]
    assert updates == ["f1", "f2", "f3", "slow", "end"]
    assert (await any_house.kinds(run_id)).count("checkpoint") == 3  # the input, both branches, the end


async def test_a_dead_host_costs_nothing_that_was_recorded(any_house: House) -> None:
    counts: Counter[str] = Counter()
    reached = threading.Event()

    def slow(state: Log) -> dict[str, Any]:
        counts["slow"] += 1
        if counts["slow"] == 1:
            assert reached.wait(WAIT_SECONDS)
        return {"log": ["slow"]}

    def last(state: Log) -> dict[str, Any]:
        return {"log": ["f3"]}

    graph = wide(slow, last, counts)
    first = await any_house.boot(graph)
    run_id = await any_house.accept("wide")
    await any_house.tells(run_id, "node_update", 3)
    await first.die()
    await any_house.free_dead(first)
    await any_house.boot(graph)
    any_house.hint()
    run = await any_house.ended(run_id)
    reached.set()
    assert run.status == "completed", run.error
    assert orjson.loads(run.result or b"") == {"log": ["f1", "slow", "f2", "f3", "end"]}
    assert (counts["f1"], counts["f2"], counts["slow"]) == (1, 1, 2)


async def test_a_question_in_one_branch_waits_while_the_other_one_goes_to_its_end(any_house: House) -> None:
    counts: Counter[str] = Counter()

    def ask(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("?")]}

    await any_house.boot(wide(ask, says("f3"), counts))
    run_id = await any_house.accept("wide")
    await any_house.reaches(run_id, "interrupted")
    await any_house.tells(run_id, "node_update", 3)
    await any_house.resume(run_id, "answer")
    run = await any_house.ended(run_id)
    assert orjson.loads(run.result or b"") == {"log": ["f1", "answer", "f2", "f3", "end"]}
    assert (counts["f1"], counts["f2"]) == (1, 1)


async def test_two_branches_that_write_one_key_fail_the_run(house: House) -> None:
    builder = new_graph()
    for name in ("a", "b"):
        builder.add_node(name, lambda state: {"count": 1})
        builder.add_edge(START, name)
    await house.boot(builder.compile(name="both", dataflow=True))
    run_id = await house.accept("both")
    run = await house.ended(run_id)
    assert run.status == "failed"
    assert b"beside each other" in (run.error or b"")
