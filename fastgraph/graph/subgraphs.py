"""A compiled graph as a node of another: it takes the keys it knows from the outer state, its whole output is the update.

Keys that both graphs fold with a reducer are folded again by the outer one, as in LangGraph. Everything else (lineage,
questions, context) is what calling the graph inside a node gives anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["run_as_node"]


def run_as_node(graph: CompiledGraph) -> Callable[[Any], Any]:
    """Return the function of a node that runs `graph`: a coroutine function where the graph has async nodes."""

    def run(state: Any) -> Any:
        return graph.invoke(state)

    async def run_async(state: Any) -> Any:
        return await graph.ainvoke(state)

    return run_async if graph.is_async else run
