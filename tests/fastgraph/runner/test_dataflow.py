"""`compile(dataflow=True)`: a node starts when nothing that leads to it is left; the result is the same whoever is first."""

import asyncio
import operator
import threading
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import (
    START,
    CachePolicy,
    Command,
    GraphDefinitionError,
    GraphRecursionError,
    InMemoryCache,
    InMemorySaver,
    InvalidUpdateError,
    Send,
    StateGraph,
    interrupt,
)
from fastgraph.channels import EphemeralValue, Topic

WAIT_SECONDS = 30


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    x: int


def says(name: str, seen: dict[str, list[str]] | None = None) -> Callable[[State], dict[str, Any]]:
    def node(state: State) -> dict[str, Any]:
        if seen is not None:
            seen[name] = list(state["log"])
        return {"log": [name]}

    return node


def wide(slow: Any, last: Any, seen: dict[str, list[str]]) -> StateGraph[Any, Any, Any, Any]:
    """START -> slow -> end beside START -> f1 -> f2 -> f3 -> end."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_node("slow", slow)
    builder.add_node("f1", says("f1", seen))
    builder.add_node("f2", says("f2", seen))
    builder.add_node("f3", last)
    builder.add_node("end", says("end", seen))
    for source, target in (
        (START, "slow"),
        (START, "f1"),
        ("f1", "f2"),
        ("f2", "f3"),
        ("f3", "end"),
        ("slow", "end"),
    ):
        builder.add_edge(source, target)
    return builder


def test_a_slow_node_does_not_hold_the_branch_beside_it() -> None:
    """The slow node waits until the last node of the other branch has run: with a barrier it would wait for ever."""
    reached, seen = threading.Event(), {}

    def slow(state: State) -> dict[str, Any]:
        assert reached.wait(WAIT_SECONDS)
        return {"log": ["slow"]}

    def last(state: State) -> dict[str, Any]:
        reached.set()
        return {"log": ["f3"]}

    result = wide(slow, last, seen).compile(dataflow=True).invoke({"log": []})
    assert result == {"log": ["f1", "slow", "f2", "f3", "end"]}
    assert seen == {"f1": [], "f2": ["f1"], "end": ["f1", "slow", "f2", "f3"]}


async def run_async() -> Any:
    reached = asyncio.Event()

    async def slow(state: State) -> dict[str, Any]:
        await asyncio.wait_for(reached.wait(), WAIT_SECONDS)
        return {"log": ["slow"]}

    async def last(state: State) -> dict[str, Any]:
        reached.set()
        return {"log": ["f3"]}

    return await wide(slow, last, {}).compile(dataflow=True).ainvoke({"log": []})


def test_async_nodes_do_the_same() -> None:
    assert asyncio.run(run_async()) == {"log": ["f1", "slow", "f2", "f3", "end"]}


def test_an_interrupted_branch_does_not_hold_the_other_one_and_nothing_is_done_again() -> None:
    calls: list[str] = []

    def ask(state: State) -> dict[str, Any]:
        return {"log": [interrupt("?")]}

    def last(state: State) -> dict[str, Any]:
        calls.append("f3")
        return {"log": ["f3"]}

    graph = wide(ask, last, {}).compile(dataflow=True, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    assert graph.invoke({"log": []}, config)["__interrupt__"][0].value == "?"
    assert calls == ["f3"]
    assert graph.get_state(config).next == ("slow",)
    assert graph.invoke(Command(resume="answer"), config)["log"] == ["f1", "answer", "f2", "f3", "end"]
    assert calls == ["f3"]


def test_a_failed_branch_is_done_again_alone() -> None:
    calls: list[str] = []

    def fails_once(state: State) -> dict[str, Any]:
        calls.append("slow")
        if calls.count("slow") == 1:
            raise ValueError("once")
        return {"log": ["slow"]}

    def last(state: State) -> dict[str, Any]:
        calls.append("f3")
        return {"log": ["f3"]}

    graph = wide(fails_once, last, {}).compile(dataflow=True, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    with pytest.raises(ValueError, match="once"):
        graph.invoke({"log": []}, config)
    assert graph.invoke(None, config)["log"] == ["f1", "slow", "f2", "f3", "end"]
    assert (calls.count("slow"), calls.count("f3")) == (2, 1)


def test_a_chain_has_the_checkpoints_it_has_without_dataflow() -> None:
    def history(**options: Any) -> list[Any]:
        builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
        builder.add_sequence([(name, says(name)) for name in "abc"])
        builder.add_edge(START, "a")
        graph = builder.compile(checkpointer=InMemorySaver(), **options)
        config = {"configurable": {"thread_id": "1"}}
        graph.invoke({"log": []}, config)
        return [(state.values, state.next) for state in graph.get_state_history(config)]

    assert history(dataflow=True) == history()


def test_a_loop_goes_round_until_it_ends_and_then_its_follower_runs_once() -> None:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_node("turn", lambda state: {"x": state["x"] + 1, "log": ["turn"]})
    builder.add_node("after", says("after"))
    builder.add_edge(START, "turn")
    builder.add_edge("turn", "after")
    builder.add_conditional_edges("turn", lambda state: state["x"] < 3, {True: "turn", False: "after"})
    graph = builder.compile(dataflow=True)
    assert graph.invoke({"x": 0, "log": []}) == {"x": 3, "log": ["turn"] * 3 + ["after"]}
    with pytest.raises(GraphRecursionError):
        graph.invoke({"x": -100, "log": []}, {"recursion_limit": 20})


def test_sent_tasks_start_at_once_and_what_they_lead_to_waits_for_all_of_them() -> None:
    seen: list[list[str]] = []
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_node("plan", says("plan"))
    builder.add_node("work", lambda given: {"log": [given["name"]]})
    builder.add_node("collect", lambda state: seen.append(list(state["log"])))
    builder.add_edge(START, "plan")
    builder.add_conditional_edges("plan", lambda state: [Send("work", {"name": n}) for n in "cab"], ["work"])
    builder.add_edge("work", "collect")
    builder.compile(dataflow=True).invoke({"log": []})
    assert seen == [["plan", "c", "a", "b"]]


def test_two_branches_that_write_one_key_are_an_error_in_any_order() -> None:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    for name in ("a", "b"):
        builder.add_node(name, lambda state, name=name: {"x": len(name)})
        builder.add_edge(START, name)
    with pytest.raises(InvalidUpdateError, match="beside each other"):
        builder.compile(dataflow=True).invoke({"log": []})


def test_a_later_write_of_a_branch_counts() -> None:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_sequence([("a", lambda state: {"x": 1}), ("b", lambda state: {"x": state["x"] + 1})])
    builder.add_node("other", says("other"))
    builder.add_edge(START, "a")
    builder.add_edge(START, "other")
    assert builder.compile(dataflow=True).invoke({"log": []}) == {"log": ["other"], "x": 2}


def test_a_target_that_the_node_did_not_name_is_refused() -> None:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_node("a", lambda state: Command(goto="b"))
    builder.add_node("b", says("b"))
    builder.add_edge(START, "a")
    with pytest.raises(InvalidUpdateError, match="destinations="):
        builder.compile(dataflow=True).invoke({"log": []})


def with_key(key: Any) -> StateGraph[Any, Any, Any, Any]:
    schema: Any = TypedDict("Keys", {"key": key})  # type: ignore[misc]
    return StateGraph(schema).add_node("n", lambda state: None).add_edge(START, "n")


@pytest.mark.parametrize("key", [Annotated[str, EphemeralValue], Annotated[list[str], Topic(str)]])
def test_key_that_lives_for_a_step_is_refused(key: Any) -> None:
    with pytest.raises(GraphDefinitionError, match="depends on steps"):
        with_key(key).compile(dataflow=True)
    with_key(Annotated[list[str], Topic(str, accumulate=True)]).compile(dataflow=True)


def test_static_interrupt_is_refused() -> None:
    with pytest.raises(GraphDefinitionError, match="no moment between steps"):
        with_key(str).compile(dataflow=True, interrupt_before=["n"])


def test_dataflow_makes_another_version_of_a_graph() -> None:
    assert with_key(str).compile(dataflow=True).graph_hash != with_key(str).compile().graph_hash


def test_a_cached_node_is_looked_up_by_what_it_sees() -> None:
    """Not by its checkpoint alone: the writes before it in the wide step count."""
    calls: list[Any] = []

    def counted(state: State) -> dict[str, Any]:
        calls.append(state["x"])
        return {"log": [f"x={state['x']}"]}

    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    builder.add_node("a", lambda state: {"x": len(state["log"])})
    builder.add_node("other", says("other"))
    builder.add_node("b", counted, input_schema=OnlyX, cache_policy=CachePolicy())
    builder.add_edge(START, "a")
    builder.add_edge(START, "other")
    builder.add_edge("a", "b")
    graph = builder.compile(dataflow=True, cache=InMemoryCache())
    for given in (["1"], ["1"], ["1", "2"]):
        graph.invoke({"log": given})
    assert calls == [1, 2]


class OnlyX(TypedDict, total=False):
    x: int
