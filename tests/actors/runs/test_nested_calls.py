"""Graphs in graphs on a host, in the ways in which a program may write them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from actors.runs import task_starter
from actors.runs.outbox import Item, NestedCheckpoint, Outbox
from fastgraph import START, Command, save_artifact, token
from fastgraph.database.runs import RunView
from fastgraph.graph.compiled import CompiledGraph
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, new_graph, says

pytestmark = pytest.mark.anyio


def around(inner: Any, **more: Any) -> CompiledGraph:
    """A graph named outer, with another graph or a function as its first node."""
    builder = new_graph().add_node("inner", inner)
    for name, node in more.items():
        builder.add_node(name, node)
    graph: CompiledGraph = builder.add_edge(START, "inner").compile(name="outer")
    return graph


def log_of(run: RunView) -> list[str]:
    assert run.status == "completed", run.error
    found: list[str] = orjson.loads(run.result or b"null")["log"]
    return found


async def test_a_breakpoint_of_a_nested_graph_is_a_question_that_any_answer_passes(house: House) -> None:
    builder = new_graph().add_node("a", says("a")).add_node("b", says("b"))
    builder.add_edge(START, "a").add_edge("a", "b")
    await house.boot(around(builder.compile(interrupt_before=["b"])))
    run_id = await house.accept("outer")
    await house.reaches(run_id, "interrupted")
    [question] = await house.pending(run_id)
    assert orjson.loads(question.value) == {"breakpoint": ["b"]}
    await house.resume(run_id, True)
    assert log_of(await house.ended(run_id)) == ["a", "b"]


async def test_a_nested_graph_commands_the_one_around(house: House) -> None:
    def up(state: Log) -> Command[str]:
        return Command(graph=Command.PARENT, update={"log": ["up"]}, goto="z")

    await house.boot(around(chain("quits", up), z=says("z")))
    assert log_of(await house.ended(await house.accept("outer"))) == ["up", "z"]


async def test_graphs_called_side_by_side_in_one_node(house: House) -> None:
    nested = chain("nested", says("x"))

    async def node(state: Log) -> dict[str, Any]:
        found = await asyncio.gather(*(nested.ainvoke({"log": [name]}) for name in "12"))
        return {"log": ["".join(item["log"]) for item in found]}

    await house.boot(around(node))
    assert log_of(await house.ended(await house.accept("outer"))) == ["1x", "2x"]


async def test_a_nested_graph_that_remembers_its_thread(house: House) -> None:
    remembers = new_graph().add_node("a", says("a")).add_edge(START, "a").compile(checkpointer=True)

    def node(state: Log) -> dict[str, Any]:
        return {"log": ["".join(remembers.invoke({"log": ["+"]})["log"])]}

    await house.boot(around(node))
    for expected in (["+a"], ["+a", "+a+a"]):
        run_id = await house.accept("outer", thread_id="t-1")
        assert log_of(await house.ended(run_id)) == expected


async def test_an_input_of_a_graph_that_remembers_is_kept_with_its_checkpoint_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is committed on its own: a run that is lost right after it goes on with its input."""
    gate = Gate()

    class CommitsAtOnce(Outbox):
        def add(self, *items: Item) -> None:
            super().add(*items)
            settled = self.settle()
            if settled is not None and any(isinstance(item, NestedCheckpoint) for item in items):
                settled.result()
                gate.pass_through()

    monkeypatch.setattr(task_starter, "Outbox", CommitsAtOnce)
    remembers = new_graph().add_node("a", says("a")).add_edge(START, "a").compile(checkpointer=True)

    def node(state: Log) -> dict[str, Any]:
        return {"log": ["".join(remembers.invoke({"log": ["+"]})["log"])]}

    boot = await house.boot(around(node))
    run_id = await house.accept("outer", thread_id="t-1")
    await gate.reached()
    await boot.kill_run(run_id)
    gate.open()
    assert log_of(await house.ended(run_id)) == ["+a"]


async def test_what_nested_nodes_send_is_in_the_runs_feed(house: House) -> None:
    def sends(state: Log) -> dict[str, Any]:
        token("a word")
        save_artifact("nested.txt", "text")
        return {"log": ["sent"]}

    await house.boot(around(chain("sends", sends)))
    run_id = await house.accept("outer")
    await house.ended(run_id)
    sent = [event for event in await house.events(run_id) if event["event"] in {"token", "artifact"}]
    assert [event["event"] for event in sent] == ["token", "artifact"]
