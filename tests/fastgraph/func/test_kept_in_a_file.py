"""What tasks, `once` and nested graphs keep is found again by another program with the same file."""

import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import START, Command, StateGraph, interrupt, once, task
from fastgraph.checkpoint.sqlite import SqliteSaver


class Log(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]


def build(saver: Any, calls: list[str]) -> Any:
    @task
    def double(value: int) -> int:
        calls.append("double")
        return value * 2

    def effect() -> tuple[int, int]:
        calls.append("effect")
        return (1, 2)

    def first(state: Log) -> Log:
        calls.append("first")
        return {"seen": ["first"]}

    def ask(state: Log) -> Log:
        return {"seen": [interrupt("?")]}

    nested: Any = StateGraph(Log).add_sequence([first, ask]).add_edge(START, "first").compile()

    def node(state: Log) -> Log:
        numbers = [future.result() for future in [double(value) for value in range(3)]]
        return {"seen": [numbers, once("effect", effect), *nested.invoke({"seen": []})["seen"]]}

    builder: Any = StateGraph(Log).add_node(node).add_node("nested", nested)
    return builder.add_edge(START, "node").add_edge("node", "nested").compile(saver)


@pytest.mark.parametrize("mode", ["invoke", "stream"])
def test_each_program_goes_on_where_the_last_one_stopped(tmp_path: Path, mode: str) -> None:
    calls: list[str] = []
    config = {"configurable": {"thread_id": "1"}}
    given: tuple[Any, ...] = ({"seen": []}, Command(resume="A"), Command(resume="B"))
    for value in given:
        with SqliteSaver.from_conn_string(str(tmp_path / "threads.db")) as saver:
            graph = build(saver, calls)
            if mode == "invoke":
                graph.invoke(value, config)
            else:
                list(graph.stream(value, config, subgraphs=True))
            state = graph.get_state(config)
    before = [[0, 2, 4], (1, 2), "first", "A"]
    assert state.values == {"seen": [*before, *before, "first", "B"]}
    assert sorted(calls) == ["double"] * 3 + ["effect"] + ["first"] * 2
