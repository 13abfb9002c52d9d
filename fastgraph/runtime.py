"""`Runtime`: what a node may ask about the run it is part of, under LangGraph's names.

A node gets it by a parameter `runtime: Runtime[MyContext]`, or anywhere inside by `get_runtime()`. A test of a node may
make one by hand: every field has a default that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from fastgraph.errors import OutsideNodeError
from fastgraph.graph.control import RunControl
from fastgraph.graph.current import CurrentTask, current_task, no_heartbeat
from fastgraph.graph.in_node import StreamWriter, write_to
from fastgraph.ids import idempotency_key

if TYPE_CHECKING:
    from fastgraph.store.base import BaseStore

__all__ = [
    "BaseUser",
    "ExecutionInfo",
    "RunControl",
    "Runtime",
    "ServerInfo",
    "get_runtime",
    "runtime_of",
]

ContextT = TypeVar("ContextT")


@dataclass(frozen=True, slots=True)
class ExecutionInfo:
    """Where the running task stands. `node_attempt` counts from 1, `node_first_attempt_time` is in seconds since 1970.

    `thread_id` is None without a checkpointer.
    """

    checkpoint_id: str | None
    checkpoint_ns: str
    task_id: str
    thread_id: str | None = None
    run_id: str | None = None
    node_attempt: int = 1
    node_first_attempt_time: float | None = None

    def patch(self, **overrides: Any) -> ExecutionInfo:
        """Return the same with some fields replaced."""
        return replace(self, **overrides)


@runtime_checkable
class BaseUser(Protocol):
    """Whoever a run is executed for, where a server put one into the config under `langgraph_auth_user`."""

    @property
    def identity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Which assistant and graph a server runs, where it says so in the config; `user` is whom it is run for."""

    assistant_id: str
    graph_id: str
    user: BaseUser | None = None


def _write_nothing(value: Any) -> None:
    """The stream writer outside of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime(Generic[ContextT]):
    """The run's context and services.

    `context` is what was handed in by `context=`, `stream_writer` sends to the `custom` stream, `heartbeat` tells the watch
    of a node with an idle timeout that it makes progress (from any thread), `previous` is what an entrypoint returned
    before, `control` can ask the run to stop between two steps.
    """

    context: ContextT = field(default=None)  # type: ignore[assignment]
    store: BaseStore | None = None
    stream_writer: StreamWriter = _write_nothing
    heartbeat: Callable[[], None] = no_heartbeat
    previous: Any = None
    execution_info: ExecutionInfo | None = None
    server_info: ServerInfo | None = None
    control: RunControl | None = None

    @property
    def attempt(self) -> int:
        """The number of this attempt; 1 is the first."""
        return self._info().node_attempt

    @property
    def drain_requested(self) -> bool:
        """Whether the run was asked to stop between two steps."""
        return self.control is not None and self.control.drain_requested

    @property
    def drain_reason(self) -> str | None:
        """Why it was asked to; None where it was not."""
        return self.control.drain_reason if self.control is not None else None

    def idempotency_key(self, label: str = "") -> str:
        """Return a key for an effect of this task, the same on every attempt."""
        info = self._info()
        return idempotency_key(info.run_id or "", info.task_id, label)

    def merge(self, other: Runtime[ContextT]) -> Runtime[ContextT]:
        """Return `other`, with what it leaves open taken from this one."""
        return Runtime(
            context=other.context or self.context,
            store=other.store or self.store,
            stream_writer=self.stream_writer
            if other.stream_writer is _write_nothing
            else other.stream_writer,
            heartbeat=self.heartbeat if other.heartbeat is no_heartbeat else other.heartbeat,
            previous=self.previous if other.previous is None else other.previous,
            execution_info=other.execution_info or self.execution_info,
            server_info=other.server_info or self.server_info,
            control=other.control or self.control,
        )

    def override(self, **overrides: Any) -> Runtime[ContextT]:
        """Return the same with some fields replaced."""
        return replace(self, **overrides)

    def patch_execution_info(self, **overrides: Any) -> Runtime[ContextT]:
        """Return the same with some facts of `execution_info` replaced; RuntimeError where there is none."""
        if self.execution_info is None:
            raise RuntimeError("Cannot patch execution_info: this runtime has none, it was made by hand.")
        return replace(self, execution_info=self.execution_info.patch(**overrides))

    def _info(self) -> ExecutionInfo:
        if self.execution_info is None:
            raise OutsideNodeError("runtime.execution_info")
        return self.execution_info


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
        server_info=_server_info(configurable),
        previous=current.previous,
        execution_info=ExecutionInfo(
            task_id=current.task.id,
            run_id=current.services.run_id,
            thread_id=configurable.get("thread_id"),
            checkpoint_id=configurable.get("checkpoint_id"),
            checkpoint_ns=current.place,
            node_attempt=current.attempt,
            node_first_attempt_time=current.first_attempt_at,
        ),
    )


def _server_info(configurable: Any) -> ServerInfo | None:
    """Read what a server put into the config; None where none did."""
    assistant, graph = configurable.get("assistant_id"), configurable.get("graph_id")
    user = configurable.get("langgraph_auth_user")
    who = user if hasattr(user, "identity") else None
    if assistant is None and graph is None and who is None:
        return None
    return ServerInfo(str(assistant or ""), str(graph or ""), who)
