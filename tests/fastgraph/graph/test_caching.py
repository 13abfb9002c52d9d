"""Where a result is kept, and that what is read back is the result that was written."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import START, CachePolicy, Command, InMemoryCache, Send, StateGraph
from fastgraph.execution.tasks import SendWrite, Task, TaskKind, TaskResult, TimeLimits, Write
from fastgraph.graph.caching import (
    cache_namespaces,
    decode_cached,
    default_cache_key,
    encode_cached,
    find_entry,
)
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.task_call import TaskCall
from fastgraph.state.values import StoredValue


class State(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]
    count: int


class Count(TypedDict):
    count: int


def node(state: State) -> State:
    return {}


def other(state: Count) -> State:
    return {}


def graph_of(**nodes: Any) -> CompiledGraph:
    builder: Any = StateGraph(State)
    for name, (function, policy) in nodes.items():
        builder.add_node(name, function, cache_policy=policy)
        builder.add_edge(START, name)
    made: CompiledGraph = builder.compile(cache=InMemoryCache())
    return made


def call_of(graph: CompiledGraph, name: str, values: dict[str, Any], argument: Any = None) -> TaskCall:
    kind = TaskKind.PULL if argument is None else TaskKind.PUSH
    task = Task(
        id="t",
        node=name,
        kind=kind,
        path=f"pull:{name}",
        step=1,
        triggers=(),
        argument=None if argument is None else graph.state.encode_argument(name, argument),
    )
    writes, _ = graph.state.encode_update(list(values.items()))
    return TaskCall(
        graph=graph,
        task=task,
        values={write.key: write.value for write in writes},
        attempt=1,
        answers={},
        config={},
        context=None,
        services=None,  # type: ignore[arg-type]  # nothing here asks for them
    )


def test_a_node_without_a_policy_is_kept_nowhere() -> None:
    assert find_entry(call_of(graph_of(a=(node, None)), "a", {})) is None


def test_equal_inputs_have_one_place_and_others_another() -> None:
    graph = graph_of(a=(node, CachePolicy(ttl=5)), b=(other, CachePolicy()))
    one = find_entry(call_of(graph, "a", {"count": 1, "seen": [1]}))
    assert one is not None
    assert one == find_entry(call_of(graph, "a", {"seen": [1], "count": 1}))
    assert one.ttl_seconds == 5
    more = [call_of(graph, "a", {"count": 2}), call_of(graph, "a", {}, {"count": 1})]
    keys = {one.key, *(entry.key for call in more if (entry := find_entry(call)))}
    assert len(keys) == 3


def test_only_the_keys_that_a_node_reads_count() -> None:
    graph = graph_of(b=(other, CachePolicy()))
    assert find_entry(call_of(graph, "b", {"count": 1, "seen": [1]})) == find_entry(
        call_of(graph, "b", {"count": 1, "seen": [2]})
    )


def test_a_key_function_is_given_the_input() -> None:
    seen: list[Any] = []

    def key(given: Any) -> bytes:
        seen.append(given)
        return b"same"

    graph = graph_of(a=(node, CachePolicy(key_func=key)))
    one = find_entry(call_of(graph, "a", {"count": 1}))
    assert one == find_entry(call_of(graph, "a", {}, {"anything": True}))
    assert seen == [{"count": 1}, {"anything": True}]


def test_nodes_are_told_apart_by_name_and_code() -> None:
    graph = graph_of(a=(node, CachePolicy()), b=(node, CachePolicy()), c=(other, CachePolicy()))
    names = cache_namespaces(graph, None)
    assert len(set(names)) == 3
    assert cache_namespaces(graph, ["a", "nobody"]) == names[:1]


def test_a_result_comes_back_as_it_was() -> None:
    graph = graph_of(a=(node, CachePolicy()))
    call = call_of(graph, "a", {})
    result = TaskResult(
        task_id="t",
        writes=(Write("seen", StoredValue.of([1])), Write("seen", StoredValue.of([(2, 3)]))),
        goto=("a",),
        sends=(
            SendWrite("a", StoredValue.of({"count": 1}), TimeLimits(1.0)),
            SendWrite("a", StoredValue.of({})),
        ),
        has_update=True,
    )
    read = decode_cached(call, encode_cached(result))
    assert read is not None
    assert [(write.key, write.value.fresh()) for write in read.writes] == [("seen", [1]), ("seen", [(2, 3)])]
    assert [(send.node, send.argument.fresh(), send.limits) for send in read.sends] == [
        ("a", {"count": 1}, TimeLimits(1.0)),
        ("a", {}, None),
    ]
    assert (read.goto, read.has_update, read.is_cached) == (("a",), True, True)


def test_what_another_version_of_the_graph_kept_counts_as_not_there() -> None:
    call = call_of(graph_of(a=(node, CachePolicy())), "a", {})
    kept = encode_cached(TaskResult(task_id="t", writes=(Write("gone", StoredValue.of(1)),)))
    assert decode_cached(call, kept) is None
    assert decode_cached(call, b"{}") is None


@pytest.mark.parametrize(("one", "same"), [(({"a": 1, "b": [2]},), ({"b": [2], "a": 1},)), ((1, 2), (1, 2))])
def test_the_default_key_is_the_same_for_equal_arguments(one: Any, same: Any) -> None:
    assert default_cache_key(*one) == default_cache_key(*same) != default_cache_key(*one, 3)


def test_a_cached_command_leads_on() -> None:
    calls: list[int] = []

    def lead(state: State) -> Command[str]:
        calls.append(1)
        return Command(update={"count": 1}, goto=Send("b", {"count": 5}))

    def tell(state: State) -> State:
        return {"seen": [state["count"]]}

    builder: Any = StateGraph(State).add_node("a", lead, cache_policy=CachePolicy()).add_node("b", tell)
    graph = builder.add_edge(START, "a").compile(cache=InMemoryCache())
    assert graph.invoke({}) == graph.invoke({}) == {"seen": [5], "count": 1}
    assert calls == [1]
