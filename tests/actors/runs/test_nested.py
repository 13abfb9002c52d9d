"""Runs inside a task: their finished tasks are rows, so they never run again; their questions are the run's."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from fastgraph import END, START, interrupt
from fastgraph.database import tables
from fastgraph.database.nested import list_lineages
from fastgraph.database.records import DeleteRun, SendSignal
from fastgraph.func import entrypoint, task
from fastgraph.graph import waits
from fastgraph.ids import new_id
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, new_graph, says

pytestmark = pytest.mark.anyio


def counted(name: str, counts: Counter[str]) -> Any:
    def node(state: Log) -> dict[str, Any]:
        counts[name] += 1
        return {"log": [name]}

    node.__name__ = name
    return node


def around(name: str, inner: Any) -> Any:
    """A graph with another one as its node."""
    builder = new_graph()
    builder.add_node("first", says("first"))
    builder.add_node("inner", inner)
    builder.add_edge(START, "first")
    builder.add_edge("first", "inner")
    builder.add_edge("inner", END)
    return builder.compile(name=name)


async def test_a_subgraph_keeps_its_steps_in_a_lineage_of_its_own(any_house: House) -> None:
    await any_house.boot(around("outer", chain("inner", says("a"), says("b"))))
    run_id = await any_house.accept("outer")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert (await any_house.values(run_id))["log"][-2:] == ["a", "b"]
    events = await any_house.events(run_id)
    nested = [(event["event"], event["node"]) for event in events if "namespace" in event.get("data", {})]
    assert nested == [
        ("node_started", "a"),
        ("node_update", "a"),
        ("node_started", "b"),
        ("node_update", "b"),
    ]
    assert [e["data"]["update"] for e in events if e["event"] == "node_update" and e["node"] == "b"] == [
        {"log": ["b"]}
    ]
    async with any_house.store.readers.connect() as connection:
        lineages = await list_lineages(connection, parent_key=run.thread_key)
        [key] = lineages.values()
        numbers = await connection.execute(
            select(tables.checkpoints.c.number).where(tables.checkpoints.c.thread_key == key)
        )
        assert len(numbers.all()) >= 3
    await any_house.writer.write(DeleteRun(run_id=run_id))
    async with any_house.store.readers.connect() as connection:
        for table in (tables.threads, tables.checkpoints, tables.results, tables.task_records):
            assert (await connection.execute(select(table))).first() is None


async def test_finished_tasks_of_a_subgraph_never_run_again(any_house: House) -> None:
    counts: Counter[str] = Counter()
    gate = Gate()

    def holds(state: Log) -> dict[str, Any]:
        counts["holds"] += 1
        gate.pass_through()
        return {"log": ["held"]}

    graph = around("outer", chain("inner", counted("a", counts), counted("b", counts), holds))
    first = await any_house.boot(graph)
    run_id = await any_house.accept("outer")
    await gate.reached()
    await first.die()
    gate.open()
    await any_house.free_dead(first)
    await any_house.boot(graph)
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert (await any_house.values(run_id))["log"][-3:] == ["a", "b", "held"]
    assert (counts["a"], counts["b"]) == (1, 1)


async def test_questions_and_timers_of_a_subgraph_are_the_runs(any_house: House) -> None:
    counts: Counter[str] = Counter()

    def asks(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("really?")]}

    def naps(state: Log) -> dict[str, Any]:
        waits.sleep(0.2)
        return {"log": ["slept"]}

    graph = around("outer", chain("inner", counted("a", counts), asks, naps))
    first = await any_house.boot(graph)
    run_id = await any_house.accept("outer")
    await any_house.reaches(run_id, "interrupted")
    [question] = await any_house.pending(run_id)
    assert question.asked_by
    assert question.namespace.startswith("inner:")
    await first.die()
    await any_house.free_dead(first)
    await any_house.boot(graph)
    await any_house.resume(run_id, "yes")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert (await any_house.values(run_id))["log"][-3:] == ["a", "yes", "slept"]
    assert counts["a"] == 1
    kinds = await any_house.kinds(run_id)
    assert (kinds.count("interrupted"), kinds.count("sleeping")) == (1, 1)


async def test_waits_and_records_of_functional_tasks_survive_on_the_host(any_house: House) -> None:
    counts: Counter[str] = Counter()

    @task
    def once(number: int) -> int:
        counts["once"] += 1
        return number + 1

    @task
    def naps(number: int) -> int:
        waits.sleep(0.2)
        return number * 10

    @entrypoint()
    def flow(number: int) -> int:
        first: int = once(number).result()
        second: int = naps(first).result()
        body: int = waits.wait_for_signal("go")
        return second + body

    graph = flow
    graph.name = "flow"
    await any_house.boot(graph)
    run_id = await any_house.accept("flow", 1)
    await any_house.reaches(run_id, "waiting")
    sent = SendSignal(run_id=run_id, name="go", body=b"3", now=datetime.now(UTC))
    await any_house.writer.write(sent)
    any_house.hint()
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert counts["once"] == 1
    assert b"23" in (run.result or b"")


async def test_a_graph_called_twice_in_a_node_has_two_lineages(house: House) -> None:
    inner = chain("inner", says("a"))

    def calls(state: Log) -> dict[str, Any]:
        first, second = inner.invoke({"log": ["1"]}), inner.invoke({"log": ["2"]})
        return {"log": [first["log"], second["log"]]}

    async def calls_async(state: Log) -> dict[str, Any]:
        return {"log": [(await inner.ainvoke({"log": ["3"]}))["log"]]}

    await house.boot(chain("outer", calls, calls_async))
    run_id = await house.accept("outer")
    run = await house.ended(run_id)
    assert run.status == "completed", run.error
    assert (await house.values(run_id))["log"] == [["1", "a"], ["2", "a"], ["3", "a"]]
    async with house.store.readers.connect() as connection:
        names = list(await list_lineages(connection, parent_key=run.thread_key))
    assert [name.partition(":")[0] for name in names] == ["calls", "calls", "calls_async"]
    assert names[1] == f"{names[0]}|1"


async def test_a_graph_that_remembers_its_thread_goes_on_there_in_the_next_run(house: House) -> None:
    builder = new_graph()
    builder.add_node("count", lambda state: {"count": state.get("count", 0) + 1})
    builder.add_edge(START, "count")
    builder.add_edge("count", END)
    inner = builder.compile(name="inner", checkpointer=True)

    def calls(state: Log) -> dict[str, Any]:
        return {"log": [inner.invoke({"log": []})["count"]]}

    await house.boot(chain("outer", calls))
    thread = new_id()
    for _ in range(2):
        run = await house.ended(await house.accept("outer", thread_id=thread))
        assert run.status == "completed", run.error
    assert (await house.values(run.run_id))["log"] == [1, 2]
