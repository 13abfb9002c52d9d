"""FastGraph: stateful, stepwise workflows that are never lost. Everything public is here.

`from fastgraph import StateGraph` and `graph.invoke(…)` need no server. The modules `fastgraph.graph`, `.types`,
`.constants`, `.config`, `.runtime`, `.errors`, `.func`, `.channels`, `.managed`, `.pregel`, `.checkpoint`, `.store` and
`.cache` offer the same under LangGraph's names: a program moves over by its imports (`tests/fastgraph/test_doors.py`).
"""

# the language first: it loads its parts in an order without cycles, whatever is imported afterwards
from fastgraph.graph import END, START, CompiledGraph, MessagesState, StateGraph, add_messages  # isort: skip
from fastgraph.cache.base import BaseCache
from fastgraph.cache.memory import InMemoryCache
from fastgraph.cache.sqlite import SqliteCache
from fastgraph.channels.untracked_value import UntrackedValue
from fastgraph.checkpoint.base import BaseCheckpointSaver
from fastgraph.checkpoint.memory import InMemorySaver
from fastgraph.checkpoint.sqlite import SqliteSaver
from fastgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from fastgraph.config import RunnableConfig, get_config, get_store
from fastgraph.errors import (
    ChildRunError,
    EmptyInputError,
    FastGraphError,
    GraphDefinitionError,
    GraphDrained,
    GraphInterrupt,
    GraphRecursionError,
    InvalidUpdateError,
    NodeCancelledError,
    NodeError,
    NodeTimeoutError,
    OutsideNodeError,
    SignalTimeoutError,
    UnstorableValueError,
)
from fastgraph.func import entrypoint, task
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.child_runs import run_workflow, start_run
from fastgraph.graph.commands import Command, Interrupt, Overwrite, Send, interrupt, interrupt_all
from fastgraph.graph.in_node import (
    StreamWriter,
    attempt,
    get_stream_writer,
    idempotency_key,
    is_cancelled,
    log,
    open_artifact,
    progress,
    read_artifact,
    save_artifact,
    token,
)
from fastgraph.graph.once import aonce, once
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.snapshots import PregelTask, StateSnapshot
from fastgraph.graph.timeouts import TimeoutPolicy
from fastgraph.graph.updating import StateUpdate
from fastgraph.graph.waits import sleep, sleep_node, sleep_until, wait_for_signal
from fastgraph.in_process.artifacts import MemoryArtifact, MemoryArtifacts
from fastgraph.in_process.streams import GraphOutput
from fastgraph.managed.is_last_step import IsLastStep, RemainingSteps
from fastgraph.runtime import RunControl, Runtime, get_runtime
from fastgraph.state.registered import register_type
from fastgraph.store.base import BaseStore
from fastgraph.store.memory import InMemoryStore
from fastgraph.store.sqlite import SqliteStore
from fastgraph.types import Durability

__all__ = [
    "END",
    "START",
    "AsyncSqliteSaver",
    "BaseCache",
    "BaseCheckpointSaver",
    "BaseStore",
    "CachePolicy",
    "ChildRunError",
    "Command",
    "CompiledGraph",
    "Durability",
    "EmptyInputError",
    "FastGraphError",
    "GraphDefinitionError",
    "GraphDrained",
    "GraphInterrupt",
    "GraphOutput",
    "GraphRecursionError",
    "InMemoryCache",
    "InMemorySaver",
    "InMemoryStore",
    "Interrupt",
    "InvalidUpdateError",
    "IsLastStep",
    "MemoryArtifact",
    "MemoryArtifacts",
    "MessagesState",
    "NodeCancelledError",
    "NodeError",
    "NodeTimeoutError",
    "OutsideNodeError",
    "Overwrite",
    "PregelTask",
    "RemainingSteps",
    "RetryPolicy",
    "RunControl",
    "RunnableConfig",
    "Runtime",
    "Send",
    "SignalTimeoutError",
    "SqliteCache",
    "SqliteSaver",
    "SqliteStore",
    "StateGraph",
    "StateSnapshot",
    "StateUpdate",
    "StreamWriter",
    "TimeoutPolicy",
    "UnstorableValueError",
    "UntrackedValue",
    "add_messages",
    "aonce",
    "attempt",
    "entrypoint",
    "get_config",
    "get_runtime",
    "get_store",
    "get_stream_writer",
    "idempotency_key",
    "interrupt",
    "interrupt_all",
    "is_cancelled",
    "log",
    "once",
    "open_artifact",
    "progress",
    "read_artifact",
    "register_type",
    "run_workflow",
    "save_artifact",
    "sleep",
    "sleep_node",
    "sleep_until",
    "start_run",
    "task",
    "token",
    "wait_for_signal",
]
