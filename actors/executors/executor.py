"""What executes tasks: a job goes in, its ending comes back, and the executor's loop or thread never touches a run.

A `Job` is one attempt of a task. Its ending is delivered at most once, through `on_end`, from whatever thread finished
it; a job that was abandoned delivers nothing more, so a late result can't reach anybody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from fastgraph.execution.tasks import TaskEnding
from fastgraph.graph.task_call import TaskCall, run_task

__all__ = ["FunctionJob", "Job", "ThreadJob"]


class ThreadJob(Protocol):
    """What a thread of ours can do: `run` delivers its own ending and never raises."""

    thread_id: int | None

    @property
    def is_over(self) -> bool: ...

    def run(self) -> None: ...


class Job:
    """One attempt of one task on its way through an executor. Thread-safe."""

    __slots__ = (
        "__weakref__",
        "_lock",
        "_on_cancel",
        "_on_end",
        "call",
        "is_cancelled",
        "is_over",
        "started_at",
        "thread_id",
    )

    def __init__(self, call: TaskCall, on_end: Callable[[Job, TaskEnding], None]) -> None:
        self.call = call
        self.started_at: float | None = None
        self.thread_id: int | None = None
        self.is_over = False
        self.is_cancelled = False
        self._on_end = on_end
        self._on_cancel: Callable[[], object] | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Run a sync node here and deliver its ending; for threads."""
        self.finish(run_task(self.call))

    def finish(self, ending: TaskEnding) -> None:
        """Deliver the ending, unless the job is over or was abandoned. Called by the executor."""
        with self._lock:
            if self.is_over:
                return
            self.is_over = True
        self._on_end(self, ending)

    def abandon(self) -> bool:
        """Want no ending any more; False where it was delivered already."""
        with self._lock:
            if self.is_over:
                return False
            self.is_over = True
            return True

    def cancel(self) -> None:
        """Ask the task to stop: async nodes get CancelledError, sync ones see `is_cancelled`. Its ending still comes."""
        with self._lock:
            self.is_cancelled = True
            on_cancel = self._on_cancel
        if on_cancel is not None:
            on_cancel()

    def allow_cancel(self, on_cancel: Callable[[], object]) -> None:
        """Tell how this job is cancelled while it runs; called at once where it has been cancelled before."""
        with self._lock:
            self._on_cancel = on_cancel
            is_cancelled = self.is_cancelled
        if is_cancelled:
            on_cancel()


class FunctionJob:
    """A piece of user code that is no node (an input's validators, reducers): the same threads, the same care.

    `on_end` gets what it returned, or what it raised; whoever gave up on it must expect that late.
    """

    __slots__ = ("_function", "_on_end", "is_over", "thread_id")

    def __init__(
        self, function: Callable[[], Any], on_end: Callable[[Any, BaseException | None], None]
    ) -> None:
        self.thread_id: int | None = None
        self.is_over = False
        self._function = function
        self._on_end = on_end

    def run(self) -> None:
        try:
            answer = self._function()
        except BaseException as error:  # noqa: BLE001 - user code: whatever it raises goes to who asked, and not to this thread
            self._on_end(None, error)
            return
        self._on_end(answer, None)
