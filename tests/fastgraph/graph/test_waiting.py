"""Waiting in `invoke`: sleeps are slept through, a signal is an answer, a child is simply invoked."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel, ValidationError

from fastgraph import (
    END,
    START,
    Command,
    CompiledGraph,
    InMemorySaver,
    OutsideNodeError,
    StateGraph,
    run_workflow,
    sleep_node,
    sleep_until,
    start_run,
    wait_for_signal,
)
from fastgraph.errors import ConfigError, SignalRefusedError
from fastgraph.func import entrypoint, task
from fastgraph.graph import waits

pytestmark = pytest.mark.anyio
CONFIG: Any = {"configurable": {"thread_id": "1"}}


class State(TypedDict, total=False):
    value: Any
    other: Any


class Paid(BaseModel):
    cents: int


def chain(*nodes: Any, **compiled: Any) -> CompiledGraph:
    builder = StateGraph(State)
    last = START
    for number, node in enumerate(nodes):
        builder.add_node(f"n{number}", node)
        builder.add_edge(last, f"n{number}")
        last = f"n{number}"
    builder.add_edge(last, END)
    graph: CompiledGraph = builder.compile(**compiled)
    return graph


def test_a_sleep_takes_its_time_once_and_the_node_runs_again() -> None:
    counts: Counter[str] = Counter()

    def naps(state: State) -> State:
        counts["naps"] += 1
        waits.sleep(timedelta(seconds=0.05))
        waits.sleep(0.05)
        return {"value": 1}

    begun = time.monotonic()
    assert chain(naps, sleep_node(0.05)).invoke({}) == {"value": 1}
    assert time.monotonic() - begun >= 0.15
    assert counts["naps"] == 3


async def test_async_nodes_await_and_sleep_side_by_side() -> None:
    steps: list[str] = []

    async def first(state: State) -> State:
        steps.append("begins")
        await waits.sleep(0.1)
        steps.append("ends")
        return {"value": 1}

    async def second(state: State) -> State:
        steps.append("begins")
        await sleep_until(datetime.now(UTC) + timedelta(seconds=0.1))
        steps.append("ends")
        return {"other": 2}

    builder = StateGraph(State)
    for name, node in (("first", first), ("second", second)):
        builder.add_node(name, node)
        builder.add_edge(START, name)
    assert await builder.compile().ainvoke({}) == {"value": 1, "other": 2}
    assert steps[:2] == ["begins", "begins"]


def test_a_sleep_in_a_subgraph_and_in_a_functional_task_is_slept_through() -> None:
    def naps(state: State) -> State:
        waits.sleep(0.05)
        return {"value": 1}

    assert chain(chain(naps)).invoke({}) == {"value": 1}
    assert chain(chain(naps), checkpointer=InMemorySaver()).invoke({}, CONFIG) == {"value": 1}

    @task
    def slow(number: int) -> int:
        waits.sleep(0.05)
        return number + 1

    @entrypoint()
    def flow(number: int) -> int:
        total: int = slow(number).result()
        return total

    assert flow.invoke(1) == 2


def test_the_answer_of_a_signal_is_its_body_read_by_its_schema() -> None:
    def pays(state: State) -> State:
        return {"value": wait_for_signal("paid", schema=Paid).cents, "other": wait_for_signal("more")}

    graph = chain(pays, checkpointer=InMemorySaver())
    assert graph.invoke({}, CONFIG)["__interrupt__"][0].value == {"signal": "paid"}
    with pytest.raises(ValidationError):
        graph.invoke(Command(resume={"cents": "many"}), CONFIG)
    assert graph.invoke(Command(resume={"cents": 3}), CONFIG)["__interrupt__"][0].value == {"signal": "more"}
    assert graph.invoke(Command(resume={"timed_out": True}), CONFIG) == {
        "value": 3,
        "other": {"timed_out": True},
    }


def test_a_json_schema_refuses_what_does_not_fit_and_waits_again() -> None:
    graph = chain(
        lambda state: {"value": wait_for_signal("n", schema={"type": "integer"})},
        checkpointer=InMemorySaver(),
    )
    graph.invoke({}, CONFIG)
    with pytest.raises(SignalRefusedError, match="'n' does not fit"):
        graph.invoke(Command(resume="three"), CONFIG)
    assert graph.invoke(Command(resume=3), CONFIG) == {"value": 3}


async def test_run_workflow_invokes_a_graph_where_there_is_no_server() -> None:
    inner = chain(lambda state: {"value": state["value"] + 1})

    async def outer_async(state: State) -> State:
        result = await run_workflow(inner, {"value": 2})
        return {"value": result["value"]}

    outer = chain(lambda state: {"value": run_workflow(inner, {"value": 1})["value"]})
    assert outer.invoke({}) == {"value": 2}
    assert await chain(outer_async).ainvoke({}) == {"value": 3}


def test_start_run_says_that_it_needs_a_server_and_what_its_policies_are() -> None:
    with pytest.raises(ConfigError, match="needs a server"):
        chain(lambda state: {"value": start_run("other")}).invoke({})
    with pytest.raises(ConfigError, match="'abandon', 'cancel', 'terminate'"):
        chain(lambda state: {"value": start_run("other", parent_close_policy="kill")}).invoke({})  # type: ignore[arg-type]  # that is the point


def test_waiting_belongs_into_a_node_and_a_moment_has_a_zone() -> None:
    calls: list[Callable[[], Any]] = [
        lambda: waits.sleep(1),
        lambda: wait_for_signal("x"),
        lambda: start_run("x"),
        lambda: run_workflow("x"),
    ]
    for call in calls:
        with pytest.raises(OutsideNodeError):
            call()
    with pytest.raises(ValueError, match="no time zone"):
        sleep_until(datetime(2030, 1, 1))  # noqa: DTZ001 - that is the point
