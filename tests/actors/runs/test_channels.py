"""Keys with channels and managed values on the server: cleared keys are cleared in the store, untracked ones never there."""

import operator
from typing import Annotated, Any, TypedDict

import orjson
import pytest

from fastgraph import START, StateGraph
from fastgraph.channels import (
    EphemeralValue,
    LastValueAfterFinish,
    NamedBarrierValue,
    Topic,
    UntrackedValue,
)
from fastgraph.managed import RemainingSteps
from support.boots import House

pytestmark = pytest.mark.anyio


class Mixed(TypedDict, total=False):
    log: Annotated[list[Any], operator.add]
    once: Annotated[str, EphemeralValue]
    topic: Annotated[list[str], Topic(str)]
    notes: Annotated[list[str], Topic(str, accumulate=True)]
    opened: Annotated[object, UntrackedValue]
    gate: Annotated[str, NamedBarrierValue(str, {"first", "second"})]
    result: Annotated[str, LastValueAfterFinish]
    left: RemainingSteps


def look(state: Mixed) -> list[Any]:
    return [[sorted(key for key in state if key not in ("log", "left")), state["left"]]]


def graph() -> Any:
    opened = object()

    def first(state: Mixed) -> dict[str, Any]:
        return {
            "log": look(state),
            "once": "x",
            "topic": ["a", "b"],
            "notes": "one",
            "opened": opened,
            "gate": "first",
            "result": "done",
        }

    def second(state: Mixed) -> dict[str, Any]:
        return {"log": [*look(state), state["opened"] is opened], "notes": ["two"], "gate": "second"}

    builder = StateGraph(Mixed)
    builder.add_node("first", first)
    builder.add_node("second", second)
    builder.add_node("third", lambda state: {"log": look(state)})
    builder.add_edge(START, "first")
    builder.add_edge("first", "second")
    builder.add_edge("second", "third")
    return builder.compile(name="mixed")


async def test_server_gives_the_same_result_as_invoke_but_for_what_is_untracked(any_house: House) -> None:
    await any_house.boot(graph())
    run_id = await any_house.accept("mixed")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    local = graph().invoke({})
    local.pop("opened")
    assert orjson.loads(run.result or b"") == local
    assert local["log"][1:] == [
        [["notes", "once", "opened", "topic"], 10005],
        True,
        [["gate", "notes", "opened"], 10004],
    ]


async def test_store_holds_no_cleared_and_no_untracked_key(any_house: House) -> None:
    await any_house.boot(graph())
    run_id = await any_house.accept("mixed")
    await any_house.ended(run_id)
    values = await any_house.values(run_id)
    assert set(values) == {"log", "notes", "gate", "result"}
    assert values["notes"] == ["one", "two"]


async def test_router_of_start_sees_unknown_keys_of_the_payload(house: House) -> None:
    builder = StateGraph(Mixed)
    builder.add_node("asked", lambda state: {"log": ["asked"]})
    builder.add_node("other", lambda state: {"log": ["other"]})
    builder.add_conditional_edges(START, lambda state: state["where"])
    await house.boot(builder.compile(name="routed"))
    run_id = await house.accept("routed", {"where": "asked"})
    run = await house.ended(run_id)
    assert orjson.loads(run.result or b"")["log"] == ["asked"]
