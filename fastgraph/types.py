"""The types of the graph language, under LangGraph's module name."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal

from fastgraph.checkpoint.base import BaseCheckpointSaver
from fastgraph.config import RunnableConfig
from fastgraph.errors import CheckpointerError
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.commands import Command, Interrupt, Overwrite, Send, interrupt
from fastgraph.graph.in_node import StreamWriter
from fastgraph.graph.retry import RetryPolicy, default_retry_on
from fastgraph.graph.snapshots import PregelTask, StateSnapshot
from fastgraph.graph.stream_parts import (
    CheckpointPayload,
    CheckpointStreamPart,
    CheckpointTask,
    CustomStreamPart,
    DebugPayload,
    DebugStreamPart,
    MessagesStreamPart,
    StreamMode,
    StreamPart,
    TaskPayload,
    TaskResultPayload,
    TasksStreamPart,
    UpdatesStreamPart,
    ValuesStreamPart,
)
from fastgraph.graph.timeouts import TimeoutPolicy
from fastgraph.graph.updating import StateUpdate
from fastgraph.in_process.streams import GraphOutput

__all__ = [
    "All",
    "CachePolicy",
    "CheckpointPayload",
    "CheckpointStreamPart",
    "CheckpointTask",
    "Checkpointer",
    "Command",
    "CustomStreamPart",
    "DebugPayload",
    "DebugStreamPart",
    "Durability",
    "GraphOutput",
    "Interrupt",
    "MessagesStreamPart",
    "Overwrite",
    "PregelTask",
    "RetryPolicy",
    "RunnableConfig",
    "Send",
    "StateSnapshot",
    "StateUpdate",
    "StreamMode",
    "StreamPart",
    "StreamWriter",
    "TaskPayload",
    "TaskResultPayload",
    "TasksStreamPart",
    "TimeoutPolicy",
    "UpdatesStreamPart",
    "ValuesStreamPart",
    "default_retry_on",
    "ensure_valid_checkpointer",
    "interrupt",
]

All = Literal["*"]
Durability = Literal["sync", "async", "exit"]
Checkpointer = BaseCheckpointSaver | bool | None
"""A saver; for a subgraph also True (its own for the whole thread), False (none) or None (as the graph around it)."""


def ensure_valid_checkpointer(checkpointer: Any) -> Any:
    """Return what may stand as `checkpointer`; raises CheckpointerError, a TypeError, for anything else."""
    if isinstance(checkpointer, (bool, NoneType)) or callable(getattr(checkpointer, "open_thread", None)):
        return checkpointer
    raise CheckpointerError(checkpointer)
