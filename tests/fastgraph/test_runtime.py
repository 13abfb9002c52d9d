"""A runtime says where its task stands, and can be made by hand, merged and changed as LangGraph's."""

from __future__ import annotations

import time
from typing import Any, TypedDict

import langgraph.runtime
import pytest

import fastgraph.runtime
from fastgraph import START, InMemorySaver, OutsideNodeError, RetryPolicy, Runtime, StateGraph, get_runtime
from fastgraph.runtime import ExecutionInfo


class State(TypedDict):
    x: int


def run(node: Any, config: Any = None, **options: Any) -> None:
    builder = StateGraph(State).add_node("node", node, **options).add_edge(START, "node")
    builder.compile(InMemorySaver() if config else None).invoke({"x": 1}, config)


def test_facts_of_a_task() -> None:
    seen: list[Runtime[Any]] = []
    before = time.time()
    run(lambda state, runtime: seen.append(runtime), {"configurable": {"thread_id": "7"}})
    info = seen[0].execution_info
    assert info is not None
    assert (info.thread_id, info.node_attempt) == ("7", 1)
    assert info.checkpoint_ns == f"node:{info.task_id}"
    assert info.node_first_attempt_time is not None
    assert before <= info.node_first_attempt_time <= time.time()


def test_first_attempt_keeps_its_time() -> None:
    seen: list[Any] = []

    def node(state: State) -> None:
        seen.append(get_runtime().execution_info)
        if len(seen) < 3:
            raise ConnectionError

    run(node, retry_policy=RetryPolicy(max_attempts=3, initial_interval=0.001, jitter=False))
    assert [info.node_attempt for info in seen] == [1, 2, 3]
    assert len({info.node_first_attempt_time for info in seen}) == 1


def test_a_server_is_read_from_the_config() -> None:
    seen: list[Runtime[Any]] = []
    place = {"thread_id": "7", "assistant_id": "helper", "graph_id": "answers"}
    run(lambda state, runtime: seen.append(runtime), {"configurable": place})
    assert seen[0].server_info == fastgraph.runtime.ServerInfo("helper", "answers")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"context": 1, "previous": 2}, {}),
        ({"context": 1, "previous": 2}, {"context": 3, "previous": 0}),
        ({"execution_info": ("c", "n", "t")}, {"context": {}}),
    ],
)
def test_merging_takes_what_the_other_leaves_open(one: dict[str, Any], other: dict[str, Any]) -> None:
    def merged(library: Any) -> Any:
        def make(fields: dict[str, Any]) -> Any:
            info = fields.get("execution_info")
            return library.Runtime(
                **{**fields, "execution_info": library.ExecutionInfo(*info) if info else None}
            )

        both = make(one).merge(make(other))
        return both.context, both.previous, both.store, both.execution_info and both.execution_info.task_id

    assert merged(fastgraph.runtime) == merged(langgraph.runtime)


def test_a_runtime_made_by_hand_does_nothing_and_knows_no_task() -> None:
    runtime: Runtime[int] = Runtime(context=1)
    runtime.stream_writer("nobody listens")
    runtime.heartbeat()
    assert runtime.override(context=2).context == 2
    assert (runtime.drain_requested, runtime.drain_reason) == (False, None)
    with pytest.raises(OutsideNodeError):
        runtime.idempotency_key()
    with pytest.raises(RuntimeError, match="execution_info"):
        runtime.patch_execution_info(node_attempt=2)
    known = runtime.override(execution_info=ExecutionInfo("c", "n", "t", run_id="r"))
    changed = known.patch_execution_info(node_attempt=2)
    assert changed.attempt == 2
    assert changed.idempotency_key("pay") == known.idempotency_key("pay")
