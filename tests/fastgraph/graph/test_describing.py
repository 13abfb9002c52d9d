"""What a graph tells of its schemas has the properties of LangGraph's; what a TypedDict requires differs, on purpose."""

from __future__ import annotations

import operator
import warnings
from dataclasses import dataclass
from typing import Annotated, Any

import langgraph.graph
import pytest
from pydantic import BaseModel, ValidationError
from typing_extensions import TypedDict  # LangGraph can't describe Python's own before 3.12

import fastgraph.graph


class State(TypedDict):
    n: int
    words: Annotated[list[str], operator.add]


class Given(TypedDict, total=False):
    n: int


class Result(TypedDict):
    words: list[str]


class Context(TypedDict):
    user: str


class Model(BaseModel):
    n: int
    text: str = "none"


@dataclass
class Data:
    n: int
    text: str = "none"


SCHEMAS: list[tuple[Any, dict[str, Any]]] = [
    (State, {}),
    (State, {"input_schema": Given, "output_schema": Result, "context_schema": Context}),
    (Model, {"context_schema": Model}),
    (Data, {"context_schema": Data}),
]


def compiled(library: Any, state: Any, options: dict[str, Any]) -> Any:
    builder = library.StateGraph(state, **options)
    builder.add_node("node", lambda state: {})
    builder.add_edge("__start__", "node")
    return builder.compile()


def without_titles(schema: Any, *, is_typed_dict: bool) -> Any:
    """Leave out what is named after a graph, and what a TypedDict requires."""
    left_out = {"title", "required", "additionalProperties"} if is_typed_dict else {"title"}
    if isinstance(schema, dict):
        return {
            key: without_titles(part, is_typed_dict=is_typed_dict)
            for key, part in schema.items()
            if key not in left_out
        }
    return schema


@pytest.mark.parametrize(("state", "options"), SCHEMAS)
@pytest.mark.parametrize(
    "method",
    ["get_input_jsonschema", "get_output_jsonschema", "get_context_jsonschema", "get_config_jsonschema"],
)
def test_json_schemas_have_langgraphs_properties(state: Any, options: dict[str, Any], method: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ours, theirs = (
            without_titles(getattr(compiled(library, state, options), method)(), is_typed_dict=state is State)
            for library in (fastgraph.graph, langgraph.graph)
        )
    assert ours == theirs


@pytest.mark.parametrize(("state", "options"), SCHEMAS)
def test_models_have_langgraphs_fields(state: Any, options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ours, theirs = (
            [
                sorted(getattr(graph, method)().model_fields)
                for method in ("get_input_schema", "get_output_schema", "config_schema")
            ]
            for graph in (compiled(library, state, options) for library in (fastgraph.graph, langgraph.graph))
        )
    assert ours == theirs


def test_an_input_model_checks_an_input() -> None:
    graph = compiled(fastgraph.graph, State, {})
    assert graph.get_input_schema().model_validate({"n": "3"}).model_dump() == {"n": 3}
    with pytest.raises(ValidationError):
        graph.get_input_schema().model_validate({"n": "three"})


def test_what_a_context_requires_is_required() -> None:
    graph = compiled(fastgraph.graph, State, {"context_schema": Context})
    assert graph.context_schema is Context
    assert graph.get_context_jsonschema()["required"] == ["user"]
    assert compiled(fastgraph.graph, State, {}).get_context_jsonschema() is None
