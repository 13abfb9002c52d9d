"""The hash of a graph and what is told of it: the same in every process."""

import operator
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypedDict

from fastgraph import END, START, Command, CompiledGraph, StateGraph


class State(TypedDict):
    x: int
    log: Annotated[list[str], operator.add]


class Documented(TypedDict):
    """Count words.

    More about it.
    """

    x: int


def step(state: State) -> None:
    return None


def go(state: State) -> Command[Literal["a", "b"]]:
    return Command(goto="a")


def build() -> StateGraph[Any, Any, Any, Any]:
    builder = StateGraph(State)
    for name in ("b", "a", "c", "the end"):
        builder.add_node(name, step)
    builder.add_node("go", go)
    builder.add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: "yes", {"yes": "b", "no": "go", END: END})
    builder.add_edge(["a", "b"], "c")
    builder.add_edge("c", "the end")
    return builder


def changed(change: Callable[[Any], Any]) -> CompiledGraph:
    builder = build()
    change(builder)
    return builder.compile()


def test_hash_changes_with_structure_and_keys_and_not_with_code_or_name() -> None:
    first = build().compile().graph_hash

    class Wider(State):
        y: int

    def wider(builder: Any) -> None:
        builder.add_node("d", step, input_schema=Wider)

    differing = [
        changed(lambda builder: builder.add_edge("b", "go")).graph_hash,
        changed(lambda builder: builder.add_node("d", step)).graph_hash,
        changed(lambda builder: builder.add_edge(["b", "c"], "go")).graph_hash,
        changed(wider).graph_hash,
    ]
    assert len({first, *differing}) == 5
    other_code = build()
    other_code.nodes["b"] = StateGraph(State).add_node("b", lambda state: {"x": 3}).nodes["b"]
    assert other_code.compile(name="another").graph_hash == first


def test_hash_is_the_same_in_another_process() -> None:
    program = "from test_shape import build; print(build().compile().graph_hash)"
    folder = __file__.rpartition("/")[0]
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert told.stdout.strip() == build().compile().graph_hash


def test_description_is_the_first_paragraph_of_the_schemas_docstring() -> None:
    def compiled(schema: Any, **options: Any) -> CompiledGraph:
        return StateGraph(schema).add_node("a", step).add_edge(START, "a").compile(**options)

    assert compiled(Documented).description == "Count words."
    assert compiled(State).description == ""
    assert compiled(Documented, description="Other.").description == "Other."


def test_input_schema_is_json_schema_with_optional_keys() -> None:
    schema = build().compile().input_json_schema()
    assert schema["type"] == "object"
    assert set(schema["properties"]) == {"x", "log"}
    assert "required" not in schema
