"""`once`: an effect's result is found again whenever the task is executed again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
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


def test_of_two_threads_with_the_same_key_the_second_waits_for_the_first() -> None:
    calls: list[str] = []
    begun, second_begun = Event(), Event()

    def effect() -> str:
        calls.append("effect")
        begun.set()
        second_begun.wait(5)
        return f"done {len(calls)}"

    def late() -> str:
        begun.wait(5)
        second_begun.set()
        return once("charge", effect)

    def node(state: State) -> State:
        with ThreadPoolExecutor(2) as pool:
            both = [
                pool.submit(copy_context().run, function)
                for function in (lambda: once("charge", effect), late)
            ]
            return {"found": [future.result(5) for future in both]}

    assert graph_of(node).invoke({}) == {"found": ["done 1", "done 1"]}
    assert calls == ["effect"]


def test_where_the_first_fails_the_second_tries() -> None:
    calls: list[str] = []

    async def effect() -> str:
        calls.append("effect")
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise ConnectionError
        return "done"

    async def node(state: State) -> State:
        both = await asyncio.gather(*(aonce("charge", effect) for _ in range(3)), return_exceptions=True)
        return {"found": [repr(found) for found in both]}

    found = asyncio.run(graph_of(node).ainvoke({}))["found"]
    assert found == ["ConnectionError()", "'done'", "'done'"]
    assert len(calls) == 2


def test_an_effect_that_asks_for_itself_does_not_wait_for_ever() -> None:
    def node(state: State) -> State:
        return {"found": once("charge", lambda: once("charge", lambda: 1) + 1)}

    assert graph_of(node).invoke({}) == {"found": 2}
