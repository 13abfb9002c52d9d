"""What a node or router may take beside its input: `config`, `runtime`, `writer`, `store`, `previous`, by name.

Which of them a function wants was read from its signature when it was added (`nodes.py`); here they are made, for one
call, from the running task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastgraph.execution.tasks import Task
from fastgraph.graph.current import CurrentTask
from fastgraph.graph.in_node import write_to
from fastgraph.runtime import runtime_of

__all__ = ["inject", "node_config", "task_metadata"]


_OF_THE_RUN = frozenset({"run_id", "run_name"})
"""Keys of a config that name the run and not what is nested in it."""


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
    if name == "previous":
        return current.previous
    if name == "error":
        return current.error
    if name == "store":
        return current.store
    # a previous value comes with the functional language; until then there is none
    return None


def node_config(current: CurrentTask) -> dict[str, Any]:
    """Return the run's config as a node sees it: with its place in the run, under LangGraph's names."""
    config = current.config
    # a graph that is called with this config begins at its newest checkpoint, not at the one of this task
    place = {"checkpoint_ns": current.place, "checkpoint_id": None}
    return {
        **{name: value for name, value in config.items() if name not in _OF_THE_RUN},
        "tags": list(config.get("tags") or ()),
        "metadata": task_metadata(current.task, config, current.node_metadata, current.namespace),
        "configurable": {**(config.get("configurable") or {}), **place},
    }


def task_metadata(
    task: Task, config: Mapping[str, Any], node_metadata: Mapping[str, Any] | None = None, namespace: str = ""
) -> dict[str, Any]:
    """Return a task's metadata: the node's, the config's over it, and where the task stands."""
    own = f"{task.node}:{task.id}"
    kind, _, place = task.path.partition(":")
    configurable = config.get("configurable") or {}
    thread = {"thread_id": configurable["thread_id"]} if configurable.get("thread_id") is not None else {}
    return {
        **(node_metadata or {}),
        **thread,
        **(config.get("metadata") or {}),
        "langgraph_step": task.step,
        "langgraph_node": task.node,
        "langgraph_triggers": task.triggers,
        "langgraph_path": (f"__pregel_{kind}", int(place) if kind == "push" else place),
        "langgraph_checkpoint_ns": f"{namespace}|{own}" if namespace else own,
    }
