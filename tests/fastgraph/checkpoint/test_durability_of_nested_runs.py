"""A graph inside a node keeps its checkpoints as often as the run around it, as in LangGraph."""

import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph.checkpoint.sqlite import SqliteSaver
from fastgraph.graph import START, StateGraph

CONFIG = {"configurable": {"thread_id": "thread"}}


class State(TypedDict, total=False):
    trail: Annotated[list[str], operator.add]


def build(**inside: Any) -> StateGraph[Any, Any, Any, Any]:
    inner = StateGraph(State)
    for name in ("first", "second", "third"):
        inner.add_node(name, lambda _, name=name: {"trail": [name]})
    inner.add_edge(START, "first").add_edge("first", "second").add_edge("second", "third")
    # a lineage of the thread, so that it can be looked at after the run
    called = inner.compile(checkpointer=True)

    def outer(_: State) -> State:
        return {"trail": called.invoke({"trail": []}, **inside)["trail"]}

    return StateGraph(State).add_node("outer", outer).add_edge(START, "outer")


@pytest.mark.parametrize(
    ("around", "inside", "kept"),
    [("exit", None, 1), ("sync", None, 5), ("exit", "sync", 5), (None, "exit", 1)],
)
def test_it_is_the_callers_unless_the_call_says_otherwise(
    tmp_path: Path, around: Any, inside: Any, kept: int
) -> None:
    with SqliteSaver.from_conn_string(str(tmp_path / "threads.db")) as saver:
        graph = build(durability=inside).compile(checkpointer=saver)
        assert graph.invoke({"trail": []}, CONFIG, durability=around)["trail"] == ["first", "second", "third"]
        nested = {"configurable": {"thread_id": "thread", "checkpoint_ns": "outer"}}
        assert len(list(saver.list(nested))) == kept
