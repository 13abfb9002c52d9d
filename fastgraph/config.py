"""The config of a call, and the functions that find the running node's, its store and its writer, under LangGraph's name."""

from __future__ import annotations

from typing import Any, TypedDict

from fastgraph.errors import NoStoreError
from fastgraph.graph.current import current_task
from fastgraph.graph.in_node import get_stream_writer
from fastgraph.graph.injection import node_config
from fastgraph.store.base import BaseStore

__all__ = ["RunnableConfig", "get_config", "get_store", "get_stream_writer"]


class RunnableConfig(TypedDict, total=False):
    """What a call may be told: `configurable` holds `thread_id` and what the graph's nodes want to know."""

    tags: list[str]
    metadata: dict[str, Any]
    run_name: str
    max_concurrency: int | None
    recursion_limit: int
    configurable: dict[str, Any]


def get_store() -> BaseStore:
    """Return the running node's store: the server's, or that of `compile(store=…)`.

    Raises OutsideNodeError outside of a node, and NoStoreError where the graph was compiled without one.
    """
    current = current_task("get_store")
    if current.store is None:
        raise NoStoreError(current.task.node)
    return current.store


def get_config() -> dict[str, Any]:
    """Return the running node's config. Raises OutsideNodeError outside of a node."""
    return node_config(current_task("get_config"))
