"""What is said of a node whose action can't be one: what was given, and what would be right."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass
from typing import Any

from fastgraph.errors import GraphDefinitionError

__all__ = ["find_fault"]


class _NoFunctionError(GraphDefinitionError, RuntimeError):
    """A node without a function: a RuntimeError, too, as in LangGraph."""


class _WrongActionError(GraphDefinitionError, TypeError):
    """A node with something else: a TypeError, too, as in LangGraph."""


def find_fault(name: str, action: Any) -> GraphDefinitionError | None:
    """Return what is wrong with a node's action, None where it may be called."""
    if action is None:
        return _NoFunctionError(f"Node {name!r} has no function. Give one: add_node({name!r}, <function>).")
    if callable(action) and not (isinstance(action, type) and not _may_be_update(action)):
        return None
    return _WrongActionError(f"Node {name!r} is given {_describe(name, action)}")


def _may_be_update(kind: type[Any]) -> bool:
    """Say whether what a class makes of a state may be an update: a dict, a dataclass, a model."""
    return issubclass(kind, dict) or is_dataclass(kind) or hasattr(kind, "model_fields")


def _describe(name: str, action: Any) -> str:
    if isinstance(action, type):
        own = action.__name__
        right = f"an object of it: add_node({name!r}, {own}(…))" if _has_call(action) else "a function"
        return f"the class {own}, and calling that makes an object and no update. Give {right}."
    if isinstance(action, str):
        return f"the text {action!r}. Give the function itself, not its name: add_node({name!r}, <function>)."
    if inspect.iscoroutine(action) or inspect.isgenerator(action) or inspect.isasyncgen(action):
        called = action.__name__
        return f"what calling {called} made. Give the function, not its call: add_node({name!r}, {called})."
    if hasattr(action, "compile"):
        return f"a graph that is not compiled. Compile it: add_node({name!r}, <graph>.compile())."
    if isinstance(action, list | tuple):
        return "several things. Add a node for each, or use add_sequence([<function>, …])."
    return (
        f"an object of class {type(action).__name__}, which can't be called. "
        f"Give a function or a compiled graph: add_node({name!r}, <function>)."
    )


def _has_call(kind: type[Any]) -> bool:
    return any("__call__" in vars(base) for base in kind.__mro__)
