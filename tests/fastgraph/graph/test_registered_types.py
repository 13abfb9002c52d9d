"""A type that Pydantic does not know is stored where the graph was given a registry that does."""

import operator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import START, InMemorySaver, Send, StateGraph, UnstorableValueError
from fastgraph.state.builtin_types import DEFAULT_REGISTRY


class Point:
    """More than its attributes, so that nobody knows how to keep it who was not told."""

    __slots__ = ("x",)

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and other.x == self.x

    def __hash__(self) -> int:
        return hash(self.x)


class State(TypedDict, total=False):
    one: Point
    many: Annotated[list[Point], operator.add]
    anything: Any


def graph(seen: list[Any], **options: Any) -> Any:
    builder = StateGraph(State, **options)
    builder.add_node("a", lambda state: {"one": Point(1), "many": [Point(2)], "anything": {"k": Point(3)}})
    builder.add_node("b", lambda state: seen.append([state["one"], state["many"], state["anything"]]))
    builder.add_node("c", seen.append)
    builder.add_edge(START, "a")
    builder.add_edge("a", "b")
    builder.add_conditional_edges("b", lambda state: [Send("c", Point(5)), Send("c", {"k": Point(6)})])
    return builder.compile(checkpointer=InMemorySaver())


def test_registered_type_goes_through_keys_and_sends() -> None:
    seen: list[Any] = []
    registry = DEFAULT_REGISTRY.with_type(
        "point", Point, lambda point: [point.x], lambda plain: Point(*plain)
    )
    graph(seen, registry=registry).invoke({}, {"configurable": {"thread_id": "1"}})
    assert seen[0] == [Point(1), [Point(2)], {"k": Point(3)}]
    assert sorted(seen[1:], key=repr) == sorted([Point(5), {"k": Point(6)}], key=repr)


def test_type_that_nobody_registered_is_refused_by_key_and_type() -> None:
    with pytest.raises(UnstorableValueError, match=r"key 'one'.*Point"):
        graph([]).invoke({}, {"configurable": {"thread_id": "1"}})
