"""A failed step that a saver keeps in a file goes on in another process as in this one."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import START, NodeError, Send, SqliteSaver, StateGraph
from fastgraph.execution.tasks import TimeLimits


class Log(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]


THREAD = {"configurable": {"thread_id": "1"}}


def test_a_handler_runs_again_and_the_node_does_not(tmp_path: Path) -> None:
    calls: list[str] = []

    def node(state: Log) -> Log:
        calls.append("node")
        raise ValueError("boom")

    def handle(state: Log, error: NodeError) -> Log:
        calls.append(f"handle {type(error.error).__name__} {error.error}")
        if len(calls) == 2:
            raise KeyError("handler")
        return {"seen": [isinstance(error.error, ValueError)]}

    builder: Any = StateGraph(Log).add_node("a", node, error_handler=handle).add_edge(START, "a")
    path = str(tmp_path / "threads.db")
    with SqliteSaver.from_conn_string(path) as saver, pytest.raises(KeyError):
        builder.compile(checkpointer=saver).invoke({}, THREAD)
    with SqliteSaver.from_conn_string(path) as saver:
        graph = builder.compile(checkpointer=saver)
        assert graph.get_state(THREAD).next == ("a",)
        assert graph.invoke(None, THREAD) == {"seen": [True]}
    assert calls == ["node", "handle ValueError boom", "handle ValueError boom"]


def test_a_pending_sends_timeout_is_kept(tmp_path: Path) -> None:
    calls: list[int] = []

    def lead(state: Log) -> Log:
        return {}

    def fails(state: Log) -> Log:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")
        return {}

    async def late(state: Log) -> Log:
        return {"seen": ["late"]}

    builder: Any = StateGraph(Log).add_node("lead", lead).add_node("fails", fails).add_node("late", late)
    builder.add_edge(START, "lead").add_edge(START, "fails")
    builder.add_conditional_edges("lead", lambda _: [Send("late", {}, timeout=3)])
    path = str(tmp_path / "threads.db")
    with SqliteSaver.from_conn_string(path) as saver, pytest.raises(ValueError, match="once"):
        builder.compile(checkpointer=saver).invoke({}, THREAD)
    with SqliteSaver.from_conn_string(path) as saver:
        graph = builder.compile(checkpointer=saver, interrupt_before=["late"])
        graph.invoke(None, THREAD)
        saved = saver.open_thread("1", reader=graph.state).find_latest()
        assert saved is not None
        assert [task.limits for task in saved.checkpoint.due] == [TimeLimits(3.0)]
        assert graph.invoke(None, THREAD) == {"seen": ["late"]}
