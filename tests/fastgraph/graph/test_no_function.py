"""A node that is given what can't be a node is refused with a sentence that says what would be right."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest

from fastgraph import START, StateGraph
from fastgraph.errors import GraphDefinitionError


class State(TypedDict, total=False):
    text: str


class Shouts:
    def __call__(self, state: State) -> State:
        return {"text": "HA"}


class Plain:
    """No callable object comes of it."""


@dataclass
class Update:
    text: Any


async def later(state: State) -> State:
    return {}


def several(state: State) -> Any:
    yield {}


@pytest.mark.parametrize(
    ("action", "right"),
    [
        (Shouts, "Give an object of it: add_node('node', Shouts(…))"),
        (Plain, "the class Plain, and calling that makes an object and no update. Give a function."),
        ("later", "Give the function itself, not its name"),
        (later, "Give the function, not its call: add_node('node', later)"),
        (several, "Give the function, not its call: add_node('node', several)"),
        (StateGraph(State), "Compile it: add_node('node', <graph>.compile())"),
        ([later], "Add a node for each, or use add_sequence"),
        (5, "an object of class int, which can't be called. Give a function"),
    ],
    ids=["class", "plain class", "text", "coroutine", "generator", "builder", "list", "number"],
)
def test_the_error_says_what_would_be_right(action: Any, right: str) -> None:
    if action in (later, several):
        action = action({})
    closing = contextlib.closing(action) if hasattr(action, "close") else contextlib.nullcontext()
    with closing, pytest.raises(GraphDefinitionError) as raised:
        StateGraph(State).add_node("node", action)
    assert "Node 'node'" in str(raised.value)
    assert right in str(raised.value)
    assert isinstance(raised.value, TypeError)


def test_without_any_it_is_a_runtime_error_as_in_langgraph() -> None:
    with pytest.raises(RuntimeError, match="Node 'node' has no function"):
        StateGraph(State).add_node("node")


@pytest.mark.parametrize("action", [Shouts(), dict], ids=["object", "dict"])
def test_what_can_be_called_is_a_node(action: Any) -> None:
    builder = StateGraph(State).add_node("node", action).add_edge(START, "node")
    assert "text" in builder.compile().invoke({"text": "a"})
