"""A callable's type hints, read once for each node of a graph.

The answer is that of `typing.get_type_hints`, and its code is asked wherever a hint is more than classes put together. Most
hints are no more, and reading those by hand costs a tenth, which is what building a graph of a thousand nodes consists of.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from types import CodeType, FunctionType, GenericAlias, NoneType, UnionType
from typing import Any

__all__ = ["is_schema", "plain_function", "read_hints"]


def read_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return a callable's type hints; nothing where it has none or where they name what can't be found here."""
    plain = plain_function(function)
    if type(plain) is FunctionType:
        if not plain.__annotations__:
            return {}
        quickly = _read_quickly(plain)
        if quickly is not None:
            return quickly
    try:
        return typing.get_type_hints(plain, include_extras=True)
    except (NameError, TypeError, AttributeError):
        # a hint under TYPE_CHECKING, a builtin: the function works without what its hints would have said
        return {}


def plain_function(function: Callable[..., Any]) -> Any:
    """Return what carries the signature: the function itself, a partial's function, an object's `__call__`."""
    if type(function) is FunctionType:
        return function
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function).__call__


def is_schema(hint: Any) -> bool:
    """Say whether a hint is a class with annotated fields."""
    if not isinstance(hint, type):
        return False
    try:
        return bool(typing.get_type_hints(hint))
    except (NameError, TypeError):
        return False


def _read_quickly(function: FunctionType) -> dict[str, Any] | None:
    """Return the hints where all of them are classes, or put together of classes; None where typing has to say."""
    if function.__dict__:  # a wrapper's hints are read where the wrapped function stands
        return None
    names = function.__globals__
    hints: dict[str, Any] = {}
    for name, hint in function.__annotations__.items():
        value = NoneType if hint is None else hint
        if type(value) is str:
            try:
                value = eval(_compiled(value), names, names)  # noqa: S307 - an annotation; typing evaluates it so, too
            except Exception:  # noqa: BLE001 - typing raises it again, as its own callers expect
                return None
            value = NoneType if value is None else value
        if not _is_settled(value):
            return None
        hints[name] = value
    return hints


@functools.lru_cache(maxsize=1024)
def _compiled(annotation: str) -> CodeType:
    return compile(annotation, "<annotation>", "eval")


def _is_settled(value: Any) -> bool:
    """Say whether a hint is classes and nothing else, so that no name in it is left to look up."""
    kind = type(value)
    if kind is GenericAlias or kind is UnionType:
        return all(map(_is_settled, value.__args__))
    return issubclass(kind, type)
