"""The task that is running here: how functions for nodes find their task without being handed it.

A context variable, set around the call of a node by `task_call` and nothing else; it follows `await`, and threads that
are started with a copy of the context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from itertools import count
from typing import Any, Protocol

from fastgraph.errors import NodeError, OutsideNodeError
from fastgraph.execution.tasks import Task
from fastgraph.graph.control import RunControl
from fastgraph.graph.namespaces import task_place
from fastgraph.graph.open_calls import OpenCalls
from fastgraph.graph.services import TaskServices
from fastgraph.store.base import BaseStore

__all__ = ["CurrentTask", "current_task", "find_current_task", "no_heartbeat", "running"]


def no_heartbeat() -> None:
    """Nothing watches this attempt."""


class HoldsLines(Protocol):
    """Output of the task that waits for the end of its line."""

    def write(self, text: str) -> None: ...

    def flush(self) -> None: ...


class CurrentTask:
    """One attempt of one task, as the code inside it sees it.

    `answers` go by interrupt id and are handed down to whatever is nested in the task; `asked` counts its own calls of
    `interrupt`, `place` names the task among all of the thread. `error` is what an error handler handles, `heartbeat`
    tells a timed attempt's watch of progress. `previous` is what an entrypoint saved last, `record_path` begins the keys
    of records that belong to a functional task and not to the task of the step. `is_async`: its node is a coroutine
    function. `effects` are those of `once` that are being done, by their records' keys.
    """

    __slots__ = (
        "_calls",
        "_open",
        "_tasks",
        "answers",
        "asked",
        "attempt",
        "config",
        "context",
        "control",
        "effects",
        "error",
        "first_attempt_at",
        "heartbeat",
        "is_async",
        "lines",
        "namespace",
        "node_metadata",
        "previous",
        "pushed",
        "record_path",
        "services",
        "started",
        "store",
        "task",
    )

    def __init__(
        self,
        *,
        task: Task,
        attempt: int,
        answers: Mapping[str, Any],
        config: Mapping[str, Any],
        context: Any,
        services: TaskServices,
        namespace: str = "",
        error: NodeError | None = None,
        control: RunControl | None = None,
        store: BaseStore | None = None,
        heartbeat: Callable[[], None] = no_heartbeat,
        first_attempt_at: float | None = None,
        node_metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.task = task
        self.attempt = attempt
        self.answers = answers
        self.config = config
        self.context = context
        self.services = services
        self.namespace = namespace
        self._calls = count()
        self._tasks = count()
        self._open: OpenCalls | None = None
        self.previous: Any = None
        self.record_path = ""
        self.error = error
        self.control = control
        self.store = store
        self.heartbeat = heartbeat
        self.first_attempt_at = first_attempt_at
        self.node_metadata = node_metadata
        self.lines: HoldsLines | None = None
        self.asked = 0
        self.pushed: list[tuple[str, Any]] = []
        self.is_async = False
        self.started = 0
        self.effects: dict[str, Future[None]] = {}

    @property
    def place(self) -> str:
        """Where the task stands among all of the thread."""
        return task_place(self.namespace, self.task.node, self.task.id)

    def count_call(self) -> int:
        """Return how many graphs the task has run before, and count one more. From any thread."""
        return next(self._calls)

    def count_task(self) -> int:
        """Return how many functional tasks the task has called before, and count one more. From any thread."""
        return next(self._tasks)

    @property
    def open(self) -> OpenCalls | None:
        """What the task has begun beside its own code; None where it has begun nothing."""
        return self._open

    def open_calls(self) -> OpenCalls:
        """Return where the task's calls are kept; they are waited for before the task is over."""
        if self._open is None:
            self._open = OpenCalls()
        return self._open


_CURRENT: ContextVar[CurrentTask | None] = ContextVar("fastgraph_current_task", default=None)


def find_current_task() -> CurrentTask | None:
    """Return the task that is running here, or None outside of any node."""
    return _CURRENT.get()


def current_task(function: str) -> CurrentTask:
    """Return the task that is running here; raises OutsideNodeError naming `function` where there is none."""
    current = _CURRENT.get()
    if current is None:
        raise OutsideNodeError(function)
    return current


class running:  # noqa: N801 - it reads as the function that it is; a generator would cost three times as much
    """Make `current` the running task of this context for the block."""

    __slots__ = ("_current", "_token")

    def __init__(self, current: CurrentTask) -> None:
        self._current = current

    def __enter__(self) -> CurrentTask:
        self._token = _CURRENT.set(self._current)
        return self._current

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._token)
        if self._current.lines is not None:
            self._current.lines.flush()
