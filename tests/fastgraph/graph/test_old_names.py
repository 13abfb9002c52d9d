"""Keywords that LangGraph has renamed are still taken, with a warning that names the new one."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from fastgraph import START, RetryPolicy, StateGraph


class State(TypedDict):
    x: int


class Wide(State):
    y: int


class Context(TypedDict):
    who: str


def test_schemas_of_a_graph() -> None:
    with pytest.warns(DeprecationWarning, match="is called") as told:
        builder: StateGraph[Any, Any, Any, Any] = StateGraph(
            Wide, config_schema=Context, input=State, output=State
        )
    assert [str(warning.message) for warning in told] == [
        "StateGraph(config_schema=…) is called context_schema now.",
        "StateGraph(input=…) is called input_schema now.",
        "StateGraph(output=…) is called output_schema now.",
    ]
    assert (builder.context_schema, builder.input_schema, builder.output_schema) == (Context, State, State)


def test_options_of_a_node() -> None:
    policy = RetryPolicy(max_attempts=2)
    builder = StateGraph(Wide)
    with pytest.warns(DeprecationWarning, match="is called"):
        builder.add_node("a", lambda state: {"x": len(state)}, retry=policy, input=State)
    assert builder.nodes["a"].retry_policies == (policy,)
    assert builder.add_edge(START, "a").compile().invoke({"x": 0, "y": 0})["x"] == 1


def test_a_keyword_that_never_was_is_an_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'retires'"):
        StateGraph(State).add_node("a", lambda state: None, retires=1)
