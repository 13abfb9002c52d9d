"""`batch` runs a graph for many inputs at once and keeps their order; LangGraph's is the oracle for what it gives."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, TypedDict

import pytest

from support.oracle import Names, agree


class State(TypedDict):
    x: int


def halve(lg: Names) -> Any:
    def node(state: State) -> State:
        if state["x"] % 2:
            raise ValueError(f"{state['x']} is odd")
        return {"x": state["x"] // 2}

    builder = lg.StateGraph(State)
    builder.add_node("halve", node)
    builder.add_edge(lg.START, "halve")
    return builder.compile()


@pytest.mark.parametrize("numbers", [[2, 4, 6], [], [2, 3, 5]])
@pytest.mark.parametrize("return_exceptions", [False, True])
def test_results_and_errors_in_the_inputs_order(numbers: list[int], return_exceptions: bool) -> None:
    def program(lg: Names) -> Any:
        inputs = [{"x": number} for number in numbers]
        graph = halve(lg)
        seen = [
            graph.batch(inputs, return_exceptions=return_exceptions),
            asyncio.run(graph.abatch(inputs, return_exceptions=return_exceptions)),
        ]
        return [[repr(result) for result in results] for results in seen]

    agree(program)


def test_runs_at_the_same_time_with_a_config_each() -> None:
    def program(lg: Names) -> Any:
        together = threading.Barrier(2, timeout=5)

        def node(state: State, config):  # type: ignore[no-untyped-def]
            together.wait()
            return {"x": config["configurable"]["factor"] * state["x"]}

        builder = lg.StateGraph(State)
        builder.add_node("node", node)
        builder.add_edge(lg.START, "node")
        configs = [{"configurable": {"factor": factor}} for factor in (10, 100)]
        return builder.compile().batch([{"x": 1}, {"x": 2}], configs)

    assert agree(program) == [{"x": 10}, {"x": 200}]
