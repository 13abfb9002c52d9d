"""What a node or router may take beside its input: `config`, `runtime`, `writer`, `store`, `previous`, by name.

Which of them a function wants was read from its signature when it was added (`nodes.py`); here they are made, for one
call, from the running task.
"""

from __future__ import annotations

from typing import Any

from fastgraph.graph.current import CurrentTask
from fastgraph.graph.in_node import write_to
from fastgraph.runtime import runtime_of

__all__ = ["inject", "node_config"]


def inject(names: tuple[str, ...], current: CurrentTask) -> dict[str, Any]:
    """Make the extra arguments of one call."""
    return {name: _make(name, current) for name in names}


def _make(name: str, current: CurrentTask) -> Any:
    if name == "config":
        return node_config(current)
    if name == "runtime":
        return runtime_of(current)
    if name == "writer":
        return write_to(current.services)
    if name == "error":
        return current.error
    # a store and a previous value come with the functional language; until then there is none
    return None


def node_config(current: CurrentTask) -> dict[str, Any]:
    """Return the run's config as a node sees it: with its place in the run, under LangGraph's names."""
    config, task = current.config, current.task
    place = {
        "langgraph_step": task.step,
        "langgraph_node": task.node,
        "langgraph_triggers": task.triggers,
        "langgraph_path": tuple(task.path.split(":", 1)),
    }
    return {
        **config,
        "tags": list(config.get("tags") or ()),
        "metadata": {**(config.get("metadata") or {}), **place},
        "configurable": dict(config.get("configurable") or {}),
    }
