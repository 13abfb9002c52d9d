"""A compiled graph as a node of another: it takes the keys it knows from the outer state, its whole output is the update.

Keys that both graphs fold with a reducer are folded again by the outer one, as in LangGraph. Everything else (lineage,
questions, context) is what calling the graph inside a node gives anyway.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph
    from fastgraph.graph.nodes import NodeSpec

__all__ = ["find_kept", "find_nested", "run_as_node"]


def run_as_node(graph: CompiledGraph) -> Callable[[Any], Any]:
    """Return the function of a node that runs `graph`: a coroutine function where the graph has async nodes."""

    def run(state: Any) -> Any:
        return graph.invoke(state)

    async def run_async(state: Any) -> Any:
        return await graph.ainvoke(state)

    return run_async if graph.is_async else run


def find_nested(spec: NodeSpec) -> CompiledGraph | None:
    """Return the graph that a node is, or calls: one that its function names, if there is any."""
    if spec.subgraph is not None:
        return spec.subgraph
    function: Any = spec.function
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = type(function).__call__
    try:
        named = inspect.getclosurevars(function)
    except TypeError:
        # a builtin names nothing
        return None
    seen = (*named.nonlocals.values(), *named.globals.values())
    return next((value for value in seen if getattr(value, "is_compiled_graph", False) is True), None)


def find_kept(spec: NodeSpec | None) -> CompiledGraph | None:
    """Return the graph that a node is or calls, if it keeps checkpoints there."""
    nested = find_nested(spec) if spec is not None else None
    return None if nested is None or nested.checkpointer_mode is False else nested
