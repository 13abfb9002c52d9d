"""Values that are carried strictly: what a node changes in place and does not return is seen by nobody else."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import END, START, CompiledGraph, Send, StateGraph
from fastgraph.graph.strictness import strict_values
from fastgraph.state.values import FRESH_COPY_BYTES


class State(TypedDict, total=False):
    table: dict[str, list[int]]
    rows: Annotated[list[list[int]], operator.add]
    seen: list[Any]


def _large() -> dict[str, list[int]]:
    return {str(number): [number] for number in range(FRESH_COPY_BYTES // 8)}


def _spoil(state: State) -> None:
    state["table"]["0"].append(-1)
    state["rows"][0].append(-1)


def _look(state: State) -> State:
    return {"seen": [state["table"]["0"], state["rows"][0]]}


def chain(**options: Any) -> CompiledGraph:
    graph = StateGraph(State)
    graph.add_node(
        "fill", lambda state: {"table": _large(), "rows": [[n] for n in range(FRESH_COPY_BYTES // 4)]}
    )
    graph.add_node("spoil", _spoil)
    graph.add_node("look", _look)
    graph.add_edge(START, "fill")
    graph.add_edge("fill", "spoil")
    graph.add_edge("spoil", "look")
    graph.add_edge("look", END)
    return graph.compile(**options)


def test_compiled_strictly_a_change_in_place_stays_where_it_was_made() -> None:
    assert chain(strict=True).invoke({})["seen"] == [[0], [0]]


def test_graphs_that_are_compiled_while_a_program_is_loaded_strictly_are_strict() -> None:
    with strict_values():
        graph = chain()
        with strict_values(False):
            loose = chain()
    assert graph.definition.has_strict_values
    assert not loose.definition.has_strict_values
    assert graph.graph_hash == loose.graph_hash
    assert graph.invoke({})["seen"] == [[0], [0]]


def test_usually_a_large_value_is_shared_below_its_top() -> None:
    """The trade that strictness undoes: a copy to the depth would cost more than the node."""
    with strict_values(False):
        assert chain().invoke({})["seen"] == [[0, -1], [0, -1]]


def test_an_argument_of_a_send_is_copied_whole_as_well() -> None:
    def spoil(item: dict[str, Any]) -> State:
        item["table"]["0"].append(-1)
        return {"rows": [item["table"]["0"]]}

    def twice(state: State) -> list[Send]:
        table = _large()
        return [Send("spoil", {"table": table}), Send("spoil", {"table": table})]

    graph = StateGraph(State)
    graph.add_node("spoil", spoil)
    graph.add_conditional_edges(START, twice, ["spoil"])
    graph.add_edge("spoil", END)
    assert graph.compile(strict=True).invoke({})["rows"] == [[0, -1], [0, -1]]


@pytest.mark.parametrize("is_strict", [False, True])
def test_an_append_costs_what_was_appended(is_strict: bool) -> None:
    with strict_values(is_strict):
        graph = StateGraph(State)
        graph.add_node("add", lambda state: {"rows": [[1]]})
        graph.add_edge(START, "add")
        graph.add_edge("add", END)
        before = [[n] for n in range(FRESH_COPY_BYTES)]
        assert graph.compile().invoke({"rows": before})["rows"] == [*before, [1]]
