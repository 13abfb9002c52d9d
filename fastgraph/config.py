"""The config of a call, and the functions that find the running node's, under LangGraph's module name."""

from __future__ import annotations

from typing import Any, TypedDict

from fastgraph.graph.current import current_task
from fastgraph.graph.in_node import get_stream_writer
from fastgraph.graph.injection import node_config
from fastgraph.store.base import BaseStore

__all__ = ["RunnableConfig", "get_config", "get_store", "get_stream_writer"]


class RunnableConfig(TypedDict, total=False):
    """What a call may be told: `configurable` holds `thread_id` and what the graph's nodes want to know.

    `recursion_limit` caps the steps, `max_concurrency` the tasks that run at once; `tags` and `metadata` reach the nodes,
    the streams and what is kept. `run_name`, `run_id` and `callbacks` are accepted and handed on to nodes.
    """

    tags: list[str]
    metadata: dict[str, Any]
    callbacks: Any
    run_name: str
    max_concurrency: int | None
    recursion_limit: int
    configurable: dict[str, Any]
    run_id: Any


def get_config() -> dict[str, Any]:
    """Return the running node's config. Raises OutsideNodeError outside of a node."""
    return node_config(current_task("get_config"))


def get_store() -> BaseStore | None:
    """Return the running node's store, None where the graph has none. Raises OutsideNodeError outside of a node."""
    return current_task("get_store").store
