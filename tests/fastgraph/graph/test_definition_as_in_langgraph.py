"""Graphs that are wrong as they are written are refused where LangGraph refuses them, with a sentence that helps."""

import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph.errors import GraphDefinitionError
from support.oracle import FASTGRAPH, Names, Raised, agree


class State(TypedDict):
    x: int


def nothing(state: State) -> None:
    return None


def build(lg: Names) -> Any:
    builder = lg.StateGraph(State)
    builder.add_node("parse", nothing)
    builder.add_edge(lg.START, "parse")
    return builder


def no_entry(lg: Names) -> Any:
    builder = lg.StateGraph(State)
    builder.add_node("parse", nothing)
    return builder.compile()


def unknown_source(lg: Names) -> Any:
    return build(lg).add_edge("pasre", "parse").compile()


def unknown_target(lg: Names) -> Any:
    return build(lg).add_edge("parse", "pasre").compile()


def unknown_router_source(lg: Names) -> Any:
    return build(lg).add_conditional_edges("pasre", lambda state: "parse").compile()


def unknown_router_target(lg: Names) -> Any:
    return build(lg).add_conditional_edges("parse", lambda state: "y", {"y": "pasre"}).compile()


def unknown_destination(lg: Names) -> Any:
    return build(lg).add_node("go", nothing, destinations=("pasre",)).compile()


def unknown_interrupt(lg: Names) -> Any:
    return build(lg).compile(interrupt_before=["pasre"])


def unknown_join_source(lg: Names) -> Any:
    return build(lg).add_edge(["parse", "pasre"], "parse")


def unknown_join_target(lg: Names) -> Any:
    return build(lg).add_edge(["parse"], "pasre")


def node_twice(lg: Names) -> Any:
    return build(lg).add_node("parse", nothing)


def node_named_start(lg: Names) -> Any:
    return build(lg).add_node(lg.START, nothing)


def node_named_end(lg: Names) -> Any:
    return build(lg).add_node(lg.END, nothing)


def name_with_a_bar(lg: Names) -> Any:
    return build(lg).add_node("a|b", nothing)


def name_with_a_colon(lg: Names) -> Any:
    return build(lg).add_node("a:b", nothing)


def end_as_source(lg: Names) -> Any:
    return build(lg).add_edge(lg.END, "parse")


def start_as_target(lg: Names) -> Any:
    return build(lg).add_edge("parse", lg.START)


def start_as_join_target(lg: Names) -> Any:
    return build(lg).add_edge(["parse"], lg.START)


def end_as_join_source(lg: Names) -> Any:
    return build(lg).add_edge([lg.END], "parse")


def router_twice(lg: Names) -> Any:
    def choose(state: State) -> str:
        return "parse"

    return build(lg).add_conditional_edges("parse", choose).add_conditional_edges("parse", choose)


def empty_sequence(lg: Names) -> Any:
    return build(lg).add_sequence([])


def sequence_with_a_known_name(lg: Names) -> Any:
    return build(lg).add_sequence([("parse", nothing)])


def bad_checkpointer(lg: Names) -> Any:
    return build(lg).compile(checkpointer="here")


FAULTS: list[Callable[[Names], Any]] = [
    no_entry,
    unknown_source,
    unknown_target,
    unknown_router_source,
    unknown_router_target,
    unknown_destination,
    unknown_interrupt,
    unknown_join_source,
    unknown_join_target,
    node_twice,
    node_named_start,
    node_named_end,
    name_with_a_bar,
    name_with_a_colon,
    end_as_source,
    start_as_target,
    start_as_join_target,
    end_as_join_source,
    router_twice,
    empty_sequence,
    sequence_with_a_known_name,
    bad_checkpointer,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_refused_by_both(fault: Callable[[Names], Any]) -> None:
    assert isinstance(agree(fault), Raised)


@pytest.mark.parametrize(
    "fault", [unknown_source, unknown_target, unknown_router_target, unknown_destination]
)
def test_sentence_names_the_closest_node(fault: Callable[[Names], Any]) -> None:
    with pytest.raises(GraphDefinitionError, match=r"'pasre', which is no node.* Did you mean 'parse'"):
        fault(FASTGRAPH)


def test_reducers_that_differ_for_one_key_are_refused() -> None:
    class Other(TypedDict):
        x: Annotated[int, operator.add]

    def program(lg: Names) -> Any:
        builder = build(lg)
        builder.add_node("other", nothing, input_schema=Other)
        return builder.compile()

    assert isinstance(agree(program), Raised)


def test_what_is_no_fault() -> None:
    def program(lg: Names) -> Any:
        builder = build(lg)
        builder.add_node("x", nothing)
        builder.add_node("island", nothing)
        builder.add_edge("parse", "x")
        builder.add_edge("x", "parse")
        builder.compile(interrupt_after="*")
        return "compiled"

    assert agree(program) == "compiled"


def test_sync_node_with_a_timeout_is_refused() -> None:
    with pytest.raises(GraphDefinitionError, match=r"'slow' has a timeout and is no async function"):
        FASTGRAPH.StateGraph(State).add_node("slow", nothing, timeout=1)


def test_names_come_from_functions_methods_and_objects() -> None:
    class Tool:
        def __call__(self, state: State) -> None:
            return None

        def act(self, state: State) -> None:
            return None

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(State)
        for action in (nothing, Tool(), Tool().act):
            builder.add_node(action)
        return sorted(builder.nodes)

    assert agree(program) == ["Tool", "act", "nothing"]
