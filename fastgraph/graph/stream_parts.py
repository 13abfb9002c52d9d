"""The shapes of what a stream yields, for type checkers: LangGraph's names for payloads and for typed parts.

With `version="v2"` every chunk is one of these dicts; `part["type"]` says which.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

from fastgraph.graph.commands import Interrupt

__all__ = [
    "CheckpointPayload",
    "CheckpointStreamPart",
    "CheckpointTask",
    "CustomStreamPart",
    "DebugPayload",
    "DebugStreamPart",
    "MessagesStreamPart",
    "StreamMode",
    "StreamPart",
    "TaskPayload",
    "TaskResultPayload",
    "TasksStreamPart",
    "UpdatesStreamPart",
    "ValuesStreamPart",
]

StateT = TypeVar("StateT")
OutputT = TypeVar("OutputT")
Namespace = tuple[str, ...]

StreamMode = Literal[
    "values",
    "updates",
    "checkpoints",
    "tasks",
    "debug",
    "messages",
    "custom",
    "log",
    "progress",
    "token",
]


class TaskPayload(TypedDict):
    """A task begins. `metadata` is there where the node or the config has some."""

    id: str
    name: str
    input: Any
    triggers: tuple[str, ...]
    metadata: NotRequired[dict[str, Any]]


class TaskResultPayload(TypedDict):
    """A task ended: `result` are its writes by key, several to one key as `{"$writes": […]}`."""

    id: str
    name: str
    error: Any
    interrupts: list[dict[str, Any]]
    result: dict[str, Any]


class CheckpointTask(TypedDict):
    """A task that a checkpoint leads to, with what is known of it."""

    id: str
    name: str
    error: NotRequired[str]
    result: NotRequired[Any]
    interrupts: NotRequired[tuple[dict[str, Any], ...]]
    state: Any


class CheckpointPayload(TypedDict, Generic[StateT]):
    """A checkpoint stands. `next` are the nodes it leads to."""

    config: dict[str, Any] | None
    metadata: dict[str, Any]
    values: StateT
    next: list[str]
    parent_config: dict[str, Any] | None
    tasks: list[CheckpointTask]


class DebugPayload(TypedDict):
    """One of the above with its step and time (RFC 3339); `type` is checkpoint, task or task_result."""

    step: int
    timestamp: str
    type: Literal["checkpoint", "task", "task_result"]
    payload: Any


class ValuesStreamPart(TypedDict, Generic[OutputT]):
    """The state after a step, and what the run waits for."""

    type: Literal["values"]
    ns: Namespace
    data: OutputT
    interrupts: tuple[Interrupt, ...]


class UpdatesStreamPart(TypedDict):
    """What a task wrote, by its node's name; or `__interrupt__`."""

    type: Literal["updates"]
    ns: Namespace
    data: dict[str, Any]


class MessagesStreamPart(TypedDict):
    """A message or a piece of one, and where it is from."""

    type: Literal["messages"]
    ns: Namespace
    data: tuple[dict[str, Any], dict[str, Any]]


class CustomStreamPart(TypedDict):
    """What a node gave to its stream writer."""

    type: Literal["custom"]
    ns: Namespace
    data: Any


class CheckpointStreamPart(TypedDict, Generic[StateT]):
    """A checkpoint."""

    type: Literal["checkpoints"]
    ns: Namespace
    data: CheckpointPayload[StateT]


class TasksStreamPart(TypedDict):
    """A task that begins or ended."""

    type: Literal["tasks"]
    ns: Namespace
    data: TaskPayload | TaskResultPayload


class DebugStreamPart(TypedDict, Generic[StateT]):
    """A checkpoint or a task, with step and time."""

    type: Literal["debug"]
    ns: Namespace
    data: DebugPayload


StreamPart = (
    ValuesStreamPart[OutputT]
    | UpdatesStreamPart
    | MessagesStreamPart
    | CustomStreamPart
    | CheckpointStreamPart[StateT]
    | TasksStreamPart
    | DebugStreamPart[StateT]
)
"""Any of them."""
