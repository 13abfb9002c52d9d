"""An Overwrite replaces what reducers made, as in LangGraph: each program runs on both."""

import operator
from typing import Annotated, Any, TypedDict

import pytest

from support.oracle import Names, agree

Nodes = dict[str, Any]


def typed(**keys: Any) -> Any:
    return TypedDict("State", keys, total=False)  # type: ignore[misc]


def fan(lg: Names, schema: Any, nodes: Nodes, after: Any = None, **options: Any) -> Any:
    """Compile nodes that run beside each other, and one after them."""
    builder = lg.StateGraph(schema)
    for name, node in nodes.items():
        builder.add_node(name, node)
        builder.add_edge(lg.START, name)
    if after is not None:
        builder.add_node("z", after)
        for name in nodes:
            builder.add_edge(name, "z")
    return builder.compile(**options)


@pytest.mark.parametrize("form", ["object", "key", "erased"])
def test_overwrite_in_its_three_forms_loses_what_is_before_and_ignores_what_is_after(form: str) -> None:
    def program(lg: Names) -> Any:
        over: Any = {
            "object": lg.Overwrite(["O"]),
            "key": {"__overwrite__": ["O"]},
            "erased": {"value": ["O"], "type": "__overwrite__"},
        }[form]
        writes: Nodes = {
            "a": lambda state: {"key": ["a"]},
            "b": lambda state: {"key": over},
            "c": lambda state: {"key": ["c"]},
        }
        graph = fan(lg, typed(key=Annotated[list, operator.add]), writes, lambda state: {"key": ["z"]})
        return graph.invoke({"key": ["in"]})

    assert agree(program) == {"key": ["O", "z"]}


def test_two_overwrites_in_one_step_are_an_error() -> None:
    def program(lg: Names) -> Any:
        writes: Nodes = {name: (lambda state: {"key": lg.Overwrite(["O"])}) for name in "ab"}
        return fan(lg, typed(key=Annotated[list, operator.add]), writes).invoke({"key": ["in"]})

    agree(program)
