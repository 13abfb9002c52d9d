"""Channels in annotations: each key has the one that its own annotation holds."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from fastgraph import START, StateGraph
from fastgraph.channels import BinaryOperatorAggregate, DeltaChannel


def total(reducer: Any) -> Any:
    class State(TypedDict, total=False):
        plain: Annotated[list[int], BinaryOperatorAggregate(list, reducer)]
        delta: Annotated[list[int], DeltaChannel(lambda state, writes: reducer(state, writes[0]))]

    builder = StateGraph(State).add_node("a", lambda state: {"plain": [2], "delta": [2]})
    return builder.add_edge(START, "a").compile().invoke({"plain": [1], "delta": [1]})


def test_two_channels_whose_reducers_are_lambdas_are_not_taken_for_one() -> None:
    assert total(lambda left, right: left + right) == {"plain": [1, 2], "delta": [1, 2]}
    assert total(lambda left, right: right + left) == {"plain": [2, 1], "delta": [2, 1]}
