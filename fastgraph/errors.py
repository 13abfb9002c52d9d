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
    ├── TaskMismatchError         a task's result does not belong to the step
    ├── AmbiguousResumeError      several interrupts wait and the answer names none (also a RuntimeError)
    ├── UnknownInterruptError     an answer names an interrupt that is not pending
    ├── ChildRunError             a child run that was waited for did not complete
    ├── RunTimeoutError           a run went past its own deadline
    ├── SignalTimeoutError        the signal that was waited for did not come in time
    ├── SignalRefusedError        the body of a signal does not fit the schema of its wait
    ├── StoreError
    │   ├── StoreUnavailableError the store can't be written now; trying again later is right
    │   │   ├── DiskFullError         because its disk takes no more
    │   │   └── CommitUnknownError    and it is not known yet whether the last commit was kept
    │   ├── LostOwnershipError    the guard refused: another epoch owns the run
    │   ├── IllegalTransitionError
    │   ├── NotFoundError         RunNotFoundError, ArtifactNotFoundError, ItemNotFoundError, WorkflowNotFoundError
    │   ├── ConflictError         the thing is in no state for this; ThreadConflictError: somebody else went on with a thread
    │   └── SchemaVersionError    the store is newer than the program
    ├── AsyncNodeError            an async node was executed without a loop (also a TypeError)
    ├── LoopRunningError          invoke on a running loop with async nodes (also a TypeError)
    ├── GeneratorEntrypointError  a generator was to be an entrypoint (also a NotImplementedError, as in LangGraph)
    ├── CheckpointerError         a graph was compiled with what is no checkpointer (also a TypeError)
    ├── ConfigError               an option of a call that can't be (also a ValueError)
    └── SettingsError

    GraphBubbleUp                 what goes up out of a node and is no failure (`bubbling.py`)
    ├── GraphInterrupt            a node waits for an answer; NodeInterrupt is its old form, raised by hand
    ├── GraphDrained              the run was asked to stop at the end of a step
    └── ParentCommand             a Command for the graph around this one

Every class keeps the facts as attributes and builds its own sentence: the thing, what was seen, what was expected, what
to do. Those of nodes and of the store stand in modules of their own and are public here. `GraphBubbleUp` and its kin are no
errors of ours and stand apart, so that nobody catches them by mistake. The names that LangGraph has are public under the
same conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal

from fastgraph.bubbling import GraphBubbleUp, GraphDrained, GraphInterrupt, NodeInterrupt, ParentCommand
from fastgraph.node_errors import (
    ChildRunError,
    NodeCancelledError,
    NodeError,
    NodeTimeoutError,
    OutsideNodeError,
    RunTimeoutError,
    SignalRefusedError,
    SignalTimeoutError,
    TaskNotFound,
    TaskProcessDiedError,
)
from fastgraph.root_error import FastGraphError
from fastgraph.store_errors import (
    ArtifactNotFoundError,
    CommitUnknownError,
    ConflictError,
    DiskFullError,
    IllegalTransitionError,
    ItemNotFoundError,
    LostOwnershipError,
    NotFoundError,
    RunNotFoundError,
    SchemaVersionError,
    StoreError,
    StoreUnavailableError,
    ThreadConflictError,
    ThreadNotFoundError,
    WorkflowNotFoundError,
)

__all__ = [
    "REFUSED_ANSWER",
    "AmbiguousResumeError",
    "ArtifactNotFoundError",
    "AsyncNodeError",
    "CheckpointerError",
    "ChildRunError",
    "CommitUnknownError",
    "ConfigError",
    "ConflictError",
    "DiskFullError",
    "EmptyChannelError",
    "EmptyInputError",
    "ErrorCode",
    "FastGraphError",
    "GeneratorEntrypointError",
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
    "TaskProcessDiedError",
    "ThreadConflictError",
    "ThreadNotFoundError",
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


class ConfigError(FastGraphError, ValueError):
    """The config or an option of one call is wrong; nothing was run."""


class CheckpointerError(FastGraphError, TypeError):
    """What was given as checkpointer can't keep a thread."""

    def __init__(self, seen: object) -> None:
        self.seen = seen
        super().__init__(
            f"Invalid checkpointer: a {type(seen).__name__} can't keep threads. Give a saver, such as InMemorySaver()."
        )


class GeneratorEntrypointError(FastGraphError, NotImplementedError):
    """A generator function was to be an entrypoint."""

    def __init__(self, function: str) -> None:
        self.function = function
        super().__init__(
            f"Generators are not supported in the Functional API: {function!r} is one. Return a value, and send what should "
            f"be seen on the way by get_stream_writer()."
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
