"""`once`: an effect's result is found again whenever the task is executed again."""

import asyncio
from typing import Any, TypedDict

import pytest

from fastgraph import Command, InMemorySaver, RetryPolicy, StateGraph, aonce, interrupt, once
from fastgraph.errors import OutsideNodeError, UnstorableValueError


class State(TypedDict, total=False):
    found: Any


def thread() -> dict[str, Any]:
    return {"configurable": {"thread_id": "1"}}


def graph_of(node: Any, saver: Any = None, **options: Any) -> Any:
    return StateGraph(State).add_node("node", node, **options).set_entry_point("node").compile(saver)


def test_the_effect_is_not_repeated_after_an_interrupt() -> None:
    calls: list[int] = []

    def charge() -> int:
        calls.append(1)
        return len(calls)

    def node(state: State) -> State:
        number = once("charge", charge)
        return {"found": [number, interrupt("go on?"), once("charge", charge)]}

    graph = graph_of(node, InMemorySaver())
    graph.invoke({}, thread())
    assert graph.invoke(Command(resume="yes"), thread()) == {"found": [1, "yes", 1]}
    assert calls == [1]
    graph.invoke({}, thread())
    assert calls == [1, 1], "another step has another record"


def test_the_effect_is_not_repeated_by_a_retry_and_an_error_is_no_record() -> None:
    calls: list[str] = []

    def effect() -> str:
        calls.append("effect")
        if len(calls) == 1:
            raise ConnectionError
        return "done"

    def node(state: State) -> State:
        found = once("effect", effect)
        calls.append("node")
        if calls.count("node") == 1:
            raise ConnectionError
        return {"found": found}

    policy = RetryPolicy(initial_interval=0.0, jitter=False)
    assert graph_of(node, retry_policy=policy).invoke({}) == {"found": "done"}
    assert calls == ["effect", "effect", "node", "node"]


def test_async_effects_are_awaited_and_plain_ones_called() -> None:
    async def effect() -> str:
        return "awaited"

    async def node(state: State) -> State:
        return {
            "found": [await aonce("a", effect), await aonce("b", lambda: "called"), await aonce("a", effect)]
        }

    assert asyncio.run(graph_of(node).ainvoke({})) == {"found": ["awaited", "called", "awaited"]}


def test_what_comes_back_is_a_copy_of_plain_data() -> None:
    def node(state: State) -> State:
        one: list[Any] = once("list", lambda: [(1, {2})])
        other: list[Any] = once("list", list)
        one.append("changed")
        return {"found": other}

    assert graph_of(node).invoke({}) == {"found": [(1, {2})]}


def test_what_can_not_be_kept_is_refused() -> None:
    with pytest.raises(UnstorableValueError, match=r"once\('it'\)"):
        graph_of(lambda state: {"found": once("it", object)}).invoke({})
    with pytest.raises(OutsideNodeError, match="once"):
        once("it", object)
