"""`Runtime`: what a node may ask about the run it is part of, under LangGraph's names.

A node gets it by a parameter `runtime: Runtime[MyContext]`, or anywhere inside by `get_runtime()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastgraph.graph.control import RunControl
from fastgraph.graph.current import CurrentTask, current_task, no_heartbeat
from fastgraph.graph.in_node import StreamWriter, write_to
from fastgraph.ids import idempotency_key
from fastgraph.store.base import BaseStore

__all__ = ["ExecutionInfo", "RunControl", "Runtime", "get_runtime", "runtime_of"]

ContextT = TypeVar("ContextT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionInfo:
    """Where the running task stands. `node_attempt` counts from 1."""

    task_id: str
    run_id: str
    thread_id: str | None
    checkpoint_id: str | None
    checkpoint_ns: str
    node_attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime(Generic[ContextT]):
    """The run's context and services: `context` is what was handed in by `context=`, `stream_writer` sends to `custom`."""

    context: ContextT
    stream_writer: StreamWriter
    execution_info: ExecutionInfo
    store: BaseStore | None = None
    previous: Any = None
    control: RunControl | None = None
    heartbeat: Callable[[], None] = no_heartbeat
    """Tell the watch of a node with an idle timeout that it makes progress; may be called from any thread."""

    @property
    def attempt(self) -> int:
        """The number of this attempt; 1 is the first."""
        return self.execution_info.node_attempt

    def idempotency_key(self, label: str = "") -> str:
        """Return a key for an effect of this task, the same on every attempt."""
        return idempotency_key(self.execution_info.run_id, self.execution_info.task_id, label)


def get_runtime(context_schema: type[ContextT] | None = None) -> Runtime[ContextT]:  # noqa: ARG001 - for the type
    """Return the runtime of the node that is running here; `context_schema` only helps the type checker."""
    return runtime_of(current_task("get_runtime"))


def runtime_of(current: CurrentTask) -> Runtime[Any]:
    """Make the runtime of a task."""
    configurable = current.config.get("configurable") or {}
    return Runtime(
        context=current.context,
        control=current.control,
        store=current.store,
        heartbeat=current.heartbeat,
        stream_writer=write_to(current.services),
        execution_info=ExecutionInfo(
            task_id=current.task.id,
            run_id=current.services.run_id,
            thread_id=configurable.get("thread_id"),
            checkpoint_id=configurable.get("checkpoint_id"),
            checkpoint_ns=configurable.get("checkpoint_ns", ""),
            node_attempt=current.attempt,
        ),
    )
