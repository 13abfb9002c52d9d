"""What becomes of nodes and of what they wait for; public in `fastgraph.errors`, where the tree is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastgraph.root_error import FastGraphError

__all__ = [
    "ChildRunError",
    "NodeCancelledError",
    "NodeError",
    "NodeTimeoutError",
    "OutsideNodeError",
    "RunTimeoutError",
    "SignalRefusedError",
    "SignalTimeoutError",
    "TaskNotFound",
    "TaskProcessDiedError",
]


@dataclass(frozen=True, slots=True)
class NodeError:
    """What an error handler is told: `node` is the node that failed, `error` what it raised at its last attempt.

    Where the error was read back from the store it is an exception of the same name and message, see the how-to on faults.
    """

    node: str
    error: BaseException


class NodeTimeoutError(FastGraphError):
    """An attempt of a node ran past one of its timeouts, in seconds; `kind` and `timeout` say which.

    It is no `TimeoutError` (an OSError), so a RetryPolicy without `retry_on` tries it again.
    """

    def __init__(
        self,
        node: str,
        elapsed: float,
        *,
        kind: Literal["idle", "run"],
        idle_timeout: float | None = None,
        run_timeout: float | None = None,
    ) -> None:
        if kind not in ("idle", "run"):
            raise ValueError(f"kind is {kind!r}; it must be 'idle' or 'run'.")
        timeout = idle_timeout if kind == "idle" else run_timeout
        if timeout is None:
            raise ValueError(f"{kind}_timeout is required when kind is {kind!r}.")
        self.node = node
        self.elapsed = elapsed
        self.kind = kind
        self.timeout = timeout
        self.idle_timeout = idle_timeout
        self.run_timeout = run_timeout
        what = "showed no progress for" if kind == "idle" else "did not end within"
        super().__init__(
            f"Node {node!r} {what} {timeout:g} s (its {kind} timeout); it had run {elapsed:.3f} s."
        )


class NodeCancelledError(FastGraphError):
    """A node raised CancelledError although nobody had cancelled it."""

    def __init__(self, node: str, message: str | None = None) -> None:
        self.node = node
        super().__init__(
            message or f"Node {node!r} cancelled itself; that counts as a failure, not as an end."
        )


class TaskProcessDiedError(FastGraphError):
    """The process that executed a node ended before the node did: a segfault, `os._exit`, no memory, a kill.

    A RetryPolicy without `retry_on` tries it again.
    """

    def __init__(self, node: str, how: str) -> None:
        self.node = node
        super().__init__(
            f"The process that executed node {node!r} {how}. What it had returned by then is lost; the run is not."
        )


class TaskNotFound(FastGraphError):  # noqa: N818 - LangGraph's name
    """An executor was asked for a task that it does not have."""


class OutsideNodeError(FastGraphError, RuntimeError):
    """A function that only works inside a running node was called elsewhere."""

    def __init__(self, function: str) -> None:
        self.function = function
        super().__init__(f"{function}() works inside a running node only; there is none here.")


class RunTimeoutError(FastGraphError):
    """A run did not end within its `timeout_seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The run did not end within {seconds:g} s, which its timeout_seconds allows. Give it more, or find what it "
            "waits for."
        )


class SignalTimeoutError(FastGraphError):
    """The signal that a node waited for did not come in time."""

    def __init__(self, name: str, seconds: float | None) -> None:
        self.name = name
        self.seconds = seconds
        within = "in time" if seconds is None else f"within {seconds:g} s"
        super().__init__(
            f"Signal {name!r} did not come {within}. Send it sooner, or catch this error in the node."
        )


class SignalRefusedError(FastGraphError):
    """The body of a signal does not fit the JSON Schema of the wait; the run goes on waiting."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(
            f"The body of signal {name!r} does not fit what the node waits for: {why}. Send another one."
        )


class ChildRunError(FastGraphError):
    """A child run that was waited for failed, was cancelled, or did not end in time. `error` is the child's own, as JSON."""

    def __init__(self, run_id: str, status: str, error: Mapping[str, Any] | None = None) -> None:
        self.run_id = run_id
        self.status = status
        self.error = error
        why = f": {error.get('type')}: {error.get('message')}" if error else ""
        super().__init__(f"Child run {run_id} ended {status}{why}. Its own page tells more.")
