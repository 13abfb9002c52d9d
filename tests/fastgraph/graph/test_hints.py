"""Type hints read by hand are those that `typing` reads."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional, TypedDict, Union

import pytest

from fastgraph.graph.commands import Command
from fastgraph.graph.hints import is_schema, read_hints
from fastgraph.types import RunnableConfig


class State(TypedDict):
    count: int


Alias = Command[Literal["next"]]


def classes(state: State, other: int) -> dict[str, int]:
    raise AssertionError(state, other)


def unions(state: State | None, config: RunnableConfig | None = None) -> int | None:
    raise AssertionError(state, config)


def nothing(state: None) -> None:
    raise AssertionError(state)


def generics(state: Optional[State], other: Union[int, str]) -> list[Annotated[int, "unit"]]:  # noqa: UP007, UP045
    raise AssertionError(state, other)


def nested_names(state: "list['State']") -> "dict[str, 'State']":  # noqa: UP037
    raise AssertionError(state)


def commands(state: Any) -> Command[Literal["a", "b"]]:
    raise AssertionError(state)


def aliased(state: State) -> Alias:
    raise AssertionError(state)


def variable(*states: State, **more: int) -> str:
    raise AssertionError(states, more)


def bare(state):  # type: ignore[no-untyped-def]
    raise AssertionError(state)


def unknown(state: State) -> Missing:  # type: ignore[name-defined]  # noqa: F821
    raise AssertionError(state)


def partly_unknown(state: State) -> dict[str, Missing]:  # type: ignore[name-defined]  # noqa: F821
    raise AssertionError(state)


@functools.wraps(classes)
def wrapping(*given: Any, **more: Any) -> Any:
    raise AssertionError(given, more)


class Callee:
    def __call__(self, state: State) -> dict[str, int]:
        raise AssertionError(state)

    def method(self, state: State) -> dict[str, int]:
        raise AssertionError(state)


@pytest.mark.parametrize(
    "function",
    [
        classes,
        unions,
        nothing,
        generics,
        nested_names,
        commands,
        aliased,
        variable,
        bare,
        wrapping,
        Callee().method,
        functools.partial(classes, other=1),
    ],
)
def test_hints_are_those_of_typing(function: Callable[..., Any]) -> None:
    asked = function.func if isinstance(function, functools.partial) else function
    assert read_hints(function) == typing.get_type_hints(asked, include_extras=True)


def test_an_object_that_is_called_has_the_hints_of_its_call() -> None:
    assert read_hints(Callee()) == {"state": State, "return": dict[str, int]}


@pytest.mark.parametrize("function", [unknown, partly_unknown, len])
def test_a_function_whose_hints_cant_be_found_has_none(function: Callable[..., Any]) -> None:
    assert read_hints(function) == {}


def test_a_schema_is_a_class_with_annotations_that_exist() -> None:
    class Broken(TypedDict):
        field: Missing  # type: ignore[name-defined]  # noqa: F821

    assert is_schema(State)
    assert not any(map(is_schema, (int, dict[str, int], Any, Broken, "State", None)))
