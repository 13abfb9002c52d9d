"""The tree of errors.

    FastGraphError
    ├── GraphDefinitionError      a graph that can't be compiled (also a ValueError)
    ├── GraphRecursionError       more steps than recursion_limit (also a RecursionError)
    ├── InvalidUpdateError        what a node returned or wrote does not fit the state
    ├── UnstorableValueError      a value that is no plain data
    ├── EmptyInputError           nothing to start from
    ├── NodeTimeoutError          an attempt ran past its timeout; no TimeoutError, so that it is tried again by default
    ├── NodeCancelledError        a node cancelled itself
    ├── TaskNotFound              an executor was handed a task that it can't find
    ├── EmptyChannelError         a channel was read that holds nothing
    ├── InvalidDestinationError   a router chose what is no target (also a ValueError)
    ├── UnknownChoiceError        a router's answer is not in its path_map (also a KeyError)
    ├── UnknownMessageError       a message that is to be removed is not there (also a ValueError)
    ├── OutsideNodeError          a function for nodes was called elsewhere
    ├── NoStoreError              a node asked for a store and the graph has none (also a RuntimeError)
    ├── TaskMismatchError         a task's result does not belong to the step
    ├── AmbiguousResumeError      several interrupts wait and the answer names none (also a RuntimeError)
    ├── UnknownInterruptError     an answer names an interrupt that is not pending
    ├── ChildRunError             a child run that was waited for did not complete
    ├── RunTimeoutError           a run went past its own deadline
    ├── SignalTimeoutError        the signal that was waited for did not come in time
    ├── SignalRefusedError        the body of a signal does not fit the schema of its wait
    ├── StoreError
    │   ├── StoreUnavailableError the store can't be written now; trying again later is right
    │   ├── LostOwnershipError    the guard refused: another epoch owns the run
    │   ├── IllegalTransitionError
    │   ├── NotFoundError         RunNotFoundError, ArtifactNotFoundError, ItemNotFoundError, WorkflowNotFoundError
    │   ├── ConflictError         the thing is in no state for this; ThreadConflictError: somebody else went on with a thread
    │   └── SchemaVersionError    the store is newer than the program
    ├── AsyncNodeError            an async node was executed without a loop (also a TypeError)
    ├── LoopRunningError          invoke on a running loop with async nodes (also a TypeError)
    ├── CheckpointerError         a graph was compiled with what is no checkpointer (also a TypeError)
    ├── ConfigError               an option of a call that can't be (also a ValueError)
    └── SettingsError

    GraphBubbleUp                 what goes up out of a node and is no failure (`bubbling.py`)
    ├── GraphInterrupt            a node waits for an answer; NodeInterrupt is its old form, raised by hand
    ├── GraphDrained              the run was asked to stop at the end of a step
    └── ParentCommand             a Command for the graph around this one

Every class keeps the facts as attributes and builds its own sentence: the thing, what was seen, what was expected, what
to do. `GraphBubbleUp` and its kin are no errors of ours and stand apart, so that nobody catches them by mistake. The names
that LangGraph has are public under the same conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from fastgraph.bubbling import GraphBubbleUp, GraphDrained, GraphInterrupt, NodeInterrupt, ParentCommand

__all__ = [
    "AmbiguousResumeError",
    "ArtifactNotFoundError",
    "AsyncNodeError",
    "CheckpointerError",
    "ChildRunError",
    "ConfigError",
    "ConflictError",
    "EmptyChannelError",
    "EmptyInputError",
    "ErrorCode",
    "FastGraphError",
    "GraphBubbleUp",
    "GraphDefinitionError",
    "GraphDrained",
    "GraphInterrupt",
    "GraphRecursionError",
    "IllegalTransitionError",
    "InvalidDestinationError",
    "InvalidUpdateError",
    "ItemNotFoundError",
    "LoopRunningError",
    "LostOwnershipError",
    "NoStoreError",
    "NodeCancelledError",
    "NodeError",
    "NodeInterrupt",
    "NodeTimeoutError",
    "NotFoundError",
    "OutsideNodeError",
    "ParentCommand",
    "RunNotFoundError",
    "RunTimeoutError",
    "SchemaVersionError",
    "SettingsError",
    "SignalRefusedError",
    "SignalTimeoutError",
    "StoreError",
    "StoreUnavailableError",
    "TaskMismatchError",
    "TaskNotFound",
    "ThreadConflictError",
    "UnknownChoiceError",
    "UnknownInterruptError",
    "UnknownMessageError",
    "UnstorableValueError",
    "WorkflowNotFoundError",
    "create_error_message",
    "is_invalid_resume",
]

REFUSED_ANSWER = "fastgraph_refused_answer"
"""The attribute of a ValidationError that says which answer did not fit its interrupt's schema."""


class ErrorCode(Enum):
    """Short names of frequent mistakes, to look for in the documentation."""

    GRAPH_RECURSION_LIMIT = "GRAPH_RECURSION_LIMIT"
    INVALID_CONCURRENT_GRAPH_UPDATE = "INVALID_CONCURRENT_GRAPH_UPDATE"
    INVALID_GRAPH_NODE_RETURN_VALUE = "INVALID_GRAPH_NODE_RETURN_VALUE"
    MULTIPLE_SUBGRAPHS = "MULTIPLE_SUBGRAPHS"
    INVALID_CHAT_HISTORY = "INVALID_CHAT_HISTORY"


def create_error_message(*, message: str, error_code: ErrorCode) -> str:
    """Put a mistake's code behind its sentence.

    >>> create_error_message(message="Too many steps.", error_code=ErrorCode.GRAPH_RECURSION_LIMIT)
    'Too many steps.\\nCode: GRAPH_RECURSION_LIMIT'
    """
    return f"{message}\nCode: {error_code.value}"


class FastGraphError(Exception):
    """The root of all errors that FastGraph raises on purpose."""


class GraphDefinitionError(FastGraphError, ValueError):
    """A graph is wrong as it is written; the sentence says which edge or node and what would be right."""


class GraphRecursionError(FastGraphError, RecursionError):
    """A run needed more steps than its `recursion_limit`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"The run did not end within {limit} steps. Give it a way to END, or raise `recursion_limit` in the config."
        )


class InvalidUpdateError(FastGraphError):
    """What a node returned or wrote can't be applied to the state."""


class InvalidDestinationError(FastGraphError, ValueError):
    """A conditional edge chose what is no node, such as None or START."""


class UnknownChoiceError(FastGraphError, KeyError):
    """A conditional edge gave an answer that its path_map does not have."""

    def __str__(self) -> str:
        # KeyError shows its argument's repr, which is no sentence
        return str(self.args[0])


class UnknownMessageError(FastGraphError, ValueError):
    """A message was to be removed by an id that no message has."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        super().__init__(f"Attempting to delete message {message_id!r}, and there is none with that id.")


class UnstorableValueError(FastGraphError, TypeError):
    """A value is no plain data, so it could not be kept; `where` is its key path, `seen` the type's name."""

    def __init__(self, where: str, seen: str, remedy: str) -> None:
        self.where = where
        self.seen = seen
        self.remedy = remedy
        super().__init__(f"{where} holds a value of type {seen}, which can't be stored. {remedy}")


class EmptyInputError(FastGraphError):
    """A graph was started without an input and has nothing to continue."""


class EmptyChannelError(FastGraphError):
    """A channel was read that holds nothing yet."""


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


class NoStoreError(FastGraphError, RuntimeError):
    """A node asked for the store and its graph has none."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(
            f"Node {node!r} asked for the store and there is none. Compile the graph with `store=`."
        )


class TaskMismatchError(FastGraphError):
    """A result was handed to the machine for a task that the step does not have, or has the result of already."""


class AmbiguousResumeError(FastGraphError, RuntimeError):
    """Several interrupts are pending and a resume value does not say which one it answers."""

    def __init__(self, pending: tuple[str, ...]) -> None:
        self.pending = pending
        super().__init__(
            f"{len(pending)} interrupts are pending, so the answer must name its interrupt: "
            f"resume with a dict of interrupt id to answer. Pending: {', '.join(pending)}."
        )


class UnknownInterruptError(FastGraphError):
    """An answer does not fit what waits for one; nothing was written, so what is pending can still be answered.

    `reason` is "not_pending" (`interrupt_ids` are not pending), "empty_map", or "ambiguous" (one value, several questions);
    `pending_ids` are those that wait.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Literal["not_pending", "empty_map", "ambiguous"],
        interrupt_ids: Sequence[str] = (),
        pending_ids: Sequence[str] = (),
    ) -> None:
        self.reason = reason
        self.interrupt_ids = tuple(interrupt_ids)
        self.pending_ids = tuple(pending_ids)
        waiting = f"Pending: {', '.join(pending_ids)}." if pending_ids else "Nothing is pending."
        super().__init__(f"{message} {waiting}")


def is_invalid_resume(error: BaseException) -> bool:
    """Say whether `interrupt` raised this ValidationError because an answer did not fit its `response_schema`."""
    return getattr(error, REFUSED_ANSWER, None) is not None


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


class StoreError(FastGraphError):
    """Something the store refused or could not do."""


class StoreUnavailableError(StoreError):
    """The store can't be reached or written at the moment (busy, full, restarting): nothing is wrong with what was asked,
    and trying again later is right."""


class LostOwnershipError(StoreError):
    """The guard found another owner, epoch or sequence: this writer must stop and write nothing more."""

    def __init__(
        self, run_key: int, *, expected: tuple[str, int, int], seen: tuple[str | None, int, int] | None
    ) -> None:
        self.run_key = run_key
        self.expected = expected
        self.seen = seen
        super().__init__(
            f"Run {run_key} is no longer owned as expected: (owner, epoch, seq) should be {expected}, the store has {seen}."
        )


class IllegalTransitionError(StoreError):
    """A status can't follow another; nothing was changed."""

    def __init__(self, run: str, seen: str, wanted: str) -> None:
        self.run = run
        self.seen = seen
        self.wanted = wanted
        super().__init__(f"Run {run} is {seen} and can't become {wanted}.")


class NotFoundError(StoreError):
    """Something named by the caller does not exist."""


class RunNotFoundError(NotFoundError):
    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"There is no run {run_id}.")


class ArtifactNotFoundError(NotFoundError):
    def __init__(self, artifact_id: str) -> None:
        self.artifact_id = artifact_id
        super().__init__(f"There is no artifact {artifact_id}.")


class ItemNotFoundError(NotFoundError):
    """The store has nothing under that key."""

    def __init__(self, namespace: tuple[str, ...], key: str) -> None:
        self.namespace = namespace
        self.key = key
        super().__init__(f"There is no item {key!r} in namespace {'.'.join(namespace)!r}.")


class WorkflowNotFoundError(NotFoundError):
    def __init__(self, workflow: str, known: tuple[str, ...]) -> None:
        self.workflow = workflow
        self.known = known
        names = ", ".join(known) if known else "none is published yet: start a host"
        super().__init__(f"There is no workflow {workflow!r}. Those that exist: {names}.")


class ConflictError(StoreError):
    """The thing exists and is in no state for what was asked; the sentence says which state would do."""


class ThreadConflictError(ConflictError):
    """Somebody else went on with the thread in the meantime, so a checkpoint's number is taken."""

    def __init__(self, number: int, thread_id: str | None = None) -> None:
        self.number = number
        self.thread_id = thread_id
        thread = f"Thread {thread_id!r}" if thread_id is not None else "The thread"
        super().__init__(
            f"{thread} has a checkpoint {number} already, which another run of the same thread stored. Only one run may go "
            f"on with a thread at a time; start again from its newest state."
        )


class SchemaVersionError(StoreError):
    """The store was written by a newer program."""

    def __init__(self, seen: str, known: str) -> None:
        self.seen = seen
        self.known = known
        super().__init__(
            f"The store has schema {seen}, this program knows up to {known}. "
            f"Start the newer program, or restore an older backup."
        )


class ConfigError(FastGraphError, ValueError):
    """The config or an option of one call is wrong; nothing was run."""


class CheckpointerError(FastGraphError, TypeError):
    """What was given as checkpointer can't keep a thread."""

    def __init__(self, seen: object) -> None:
        self.seen = seen
        super().__init__(
            f"Invalid checkpointer: a {type(seen).__name__} can't keep threads. Give a saver, such as InMemorySaver()."
        )


class AsyncNodeError(FastGraphError, TypeError):
    """An async node, or one with an async router, was executed in a thread without a loop."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(
            f"Node {node!r} is async, or one of its routers is, and was executed without a loop."
        )


class LoopRunningError(FastGraphError, TypeError):
    """A graph with async nodes was run by invoke or stream where an event loop runs."""

    def __init__(self, graph: str) -> None:
        self.graph = graph
        super().__init__(
            f"Graph {graph!r} has async nodes and an event loop runs in this thread. "
            f"Use `await graph.ainvoke(…)` or astream."
        )


class SettingsError(FastGraphError, ValueError):
    """One or more settings are wrong; all faults are named at once."""
