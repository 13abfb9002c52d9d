"""Tasks, and what comes back from them: the messages between the machine and whoever runs user code.

A task is a message in (`Task` plus the values its node may read) and one ending out: `TaskResult`, `TaskInterrupted` or
`TaskFailed`. They hold stored values only, so the same messages serve threads, processes and other machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from fastgraph.state.changes import Change
from fastgraph.state.frozen import frozen
from fastgraph.state.values import StoredValue

__all__ = [
    "CacheEntry",
    "DueTask",
    "ErrorRecord",
    "Folded",
    "InterruptRequest",
    "Layer",
    "SendWrite",
    "Task",
    "TaskEnding",
    "TaskFailed",
    "TaskInterrupted",
    "TaskKind",
    "TaskResult",
    "TimeLimits",
    "WaitKind",
    "Write",
]


class TaskKind(StrEnum):
    """PULL: an edge led here. PUSH: a Send asked for it, with an argument of its own."""

    PULL = "pull"
    PUSH = "push"


class TimeLimits(NamedTuple):
    """How long an attempt may take in all, and without progress; `refresh_on` is "auto" or "heartbeat"."""

    run_seconds: float | None = None
    idle_seconds: float | None = None
    refresh_on: str = "auto"


@frozen
class DueTask:
    """What the next step has to do, as a checkpoint keeps it. `limits` are those that a Send named, before the node's."""

    node: str
    kind: TaskKind
    triggers: tuple[str, ...]
    argument: StoredValue | None = None
    limits: TimeLimits | None = None


@frozen
class Task:
    """One execution of a node in a step. `path` sorts tasks in the order in which their writes apply.

    `remaining_steps` is how many steps the run may still do, this one included. `limits` are those that a Send named.
    `failed_node` is the node that an error handler's task stands for. `layers` are the writes that it sees on top of its
    checkpoint, one step's after the other, in a dataflow graph.
    """

    id: str
    node: str
    kind: TaskKind
    path: str
    step: int
    triggers: tuple[str, ...]
    argument: StoredValue | None = None
    remaining_steps: int = 0
    limits: TimeLimits | None = None
    failed_node: str | None = None
    layers: tuple[Layer, ...] = ()


class Write(NamedTuple):
    """One value for one key, already encoded under the key's type."""

    key: str
    value: StoredValue


Layer = tuple[tuple[str, tuple[Write, ...]], ...]
"""The writes of tasks that stand beside each other: (task id, its writes), in path order."""


class SendWrite(NamedTuple):
    """A task asked for with an argument of its own."""

    node: str
    argument: StoredValue
    limits: TimeLimits | None = None


@frozen
class Folded:
    """What reducers made of a step's writes: each changed key's new value and how it differs from the old one.

    `emptied` are keys that have no value after it, `seen` the channels that were updated and show a value now.
    """

    values: Mapping[str, StoredValue]
    changes: Mapping[str, Change]
    emptied: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


class CacheEntry(NamedTuple):
    """Where a result is kept for other runs: a node's namespace, the hash of its input, how long it is good for."""

    namespace: tuple[str, ...]
    key: str
    ttl_seconds: float | None


@frozen
class TaskResult:
    """A node returned. `goto` are the nodes its routers and Commands chose (END left out), beside its static edges.

    `has_update` is False where the node returned None. `unknown_keys` were dropped, as in LangGraph, and are reported
    in a warning event. `folded` is there when the executor also ran the reducers, which it does for a step of one task.
    `is_cached`: the node was not executed, a cache had its result. `cache` is where a result is to be cached, if it is.
    """

    task_id: str
    writes: tuple[Write, ...] = ()
    goto: tuple[str, ...] = ()
    sends: tuple[SendWrite, ...] = ()
    has_update: bool = True
    unknown_keys: tuple[str, ...] = ()
    folded: Folded | None = None
    is_cached: bool = False
    cache: CacheEntry | None = None


class WaitKind(StrEnum):
    """What a task waits for: somebody's answer, a moment, a signal by its name, the end of a child run."""

    INTERRUPT = "interrupt"
    TIMER = "timer"
    SIGNAL = "signal"
    CHILD = "child"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptRequest:
    """A question of a node, or another wait: its id is the same each time the same checkpoint asks it.

    `task_id` is the task that asks: the ending's own, or one nested in it (a subgraph's, a functional task's), whose
    namespace is `namespace`. `name` is a signal's name or a child's run id; `due_at` is when a timer ends, or when any
    other wait is given up.
    """

    id: str
    position: int
    value: StoredValue
    task_id: str
    response_schema: dict[str, Any] | None = None
    kind: WaitKind = WaitKind.INTERRUPT
    name: str | None = None
    due_at: datetime | None = None
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInterrupted:
    """A node waits for answers."""

    task_id: str
    interrupts: tuple[InterruptRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """An error as it is kept and shown: never the object."""

    type: str
    message: str
    traceback: str = ""
    node: str | None = None
    attempt: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed:
    """A node raised. `matched_policy` is the index of the retry policy that wants another attempt, else None.

    `refused_answer` is the id of the interrupt whose answer did not fit its schema: the answer is to be forgotten with
    all later ones of the same task, and the question can be answered again.
    """

    task_id: str
    error: ErrorRecord
    matched_policy: int | None = None
    refused_answer: str | None = None


TaskEnding = TaskResult | TaskInterrupted | TaskFailed
