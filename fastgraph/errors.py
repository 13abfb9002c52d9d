"""The tree of errors.

    FastGraphError
    ├── GraphDefinitionError      a graph that can't be compiled (also a ValueError)
    ├── GraphRecursionError       more steps than recursion_limit (also a RecursionError)
    ├── InvalidUpdateError        what a node returned or wrote does not fit the state
    ├── UnstorableValueError      a value that is no plain data
    ├── EmptyInputError           nothing to start from
    ├── NodeError / NodeTimeoutError / NodeCancelledError
    ├── InvalidDestinationError   a router chose what is no target (also a ValueError)
    ├── UnknownChoiceError        a router's answer is not in its path_map (also a KeyError)
    ├── UnknownMessageError       a message that is to be removed is not there (also a ValueError)
    ├── OutsideNodeError          a function for nodes was called elsewhere
    ├── TaskMismatchError         a task's result does not belong to the step
    ├── AmbiguousResumeError      several interrupts wait and the answer names none (also a RuntimeError)
    ├── UnknownInterruptError     an answer names an interrupt that is not pending (also a ValueError)
    ├── StoreError
    │   ├── StoreUnavailableError the store can't be written now; trying again later is right
    │   ├── LostOwnershipError    the guard refused: another epoch owns the run
    │   ├── IllegalTransitionError
    │   ├── NotFoundError         RunNotFoundError, ArtifactNotFoundError, WorkflowNotFoundError
    │   ├── ConflictError         the thing is in no state for this
    │   └── SchemaVersionError    the store is newer than the program
    ├── AsyncNodeError            an async node was executed without a loop (also a TypeError)
    ├── LoopRunningError          invoke on a running loop with async nodes (also a TypeError)
    ├── CheckpointerError         a graph was compiled with what is no checkpointer (also a TypeError)
    ├── ConfigError               an option of a call that can't be (also a ValueError)
    └── SettingsError

Every class keeps the facts as attributes and builds its own sentence: the thing, what was seen, what was expected, what
to do. `GraphInterrupt` is no error of ours: it is how a node pauses, and is kept apart so that nobody catches it by mistake.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AmbiguousResumeError",
    "ArtifactNotFoundError",
    "AsyncNodeError",
    "CheckpointerError",
    "ConfigError",
    "ConflictError",
    "EmptyInputError",
    "FastGraphError",
    "GraphBubbleUp",
    "GraphDefinitionError",
    "GraphInterrupt",
    "GraphRecursionError",
    "IllegalTransitionError",
    "InvalidDestinationError",
    "InvalidUpdateError",
    "LoopRunningError",
    "LostOwnershipError",
    "NodeCancelledError",
    "NodeError",
    "NodeTimeoutError",
    "NotFoundError",
    "OutsideNodeError",
    "RunNotFoundError",
    "SchemaVersionError",
    "SettingsError",
    "StoreError",
    "StoreUnavailableError",
    "TaskMismatchError",
    "UnknownChoiceError",
    "UnknownInterruptError",
    "UnknownMessageError",
    "UnstorableValueError",
    "WorkflowNotFoundError",
]


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


class NodeError(FastGraphError):
    """A node failed after all its attempts; `node` names it and `error` is what it raised."""

    def __init__(self, node: str, error: BaseException) -> None:
        self.node = node
        self.error = error
        super().__init__(f"Node {node!r} failed with {type(error).__name__}: {error}")


class NodeTimeoutError(FastGraphError, TimeoutError):
    """A node's attempt ran past its timeout."""

    def __init__(self, node: str, timeout_seconds: float) -> None:
        self.node = node
        self.timeout_seconds = timeout_seconds
        super().__init__(f"Node {node!r} did not end within {timeout_seconds:g} s.")


class NodeCancelledError(FastGraphError):
    """A node raised CancelledError although nobody had cancelled it."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(f"Node {node!r} cancelled itself; that counts as a failure, not as an end.")


class OutsideNodeError(FastGraphError, RuntimeError):
    """A function that only works inside a running node was called elsewhere."""

    def __init__(self, function: str) -> None:
        self.function = function
        super().__init__(f"{function}() works inside a running node only; there is none here.")


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


class UnknownInterruptError(FastGraphError, ValueError):
    """An answer names an interrupt that does not wait for one."""

    def __init__(self, interrupt: str | None, pending: tuple[str, ...]) -> None:
        self.interrupt = interrupt
        self.pending = pending
        waiting = f"Pending: {', '.join(pending)}." if pending else "Nothing is pending."
        named = (
            f"Interrupt {interrupt} does not wait for an answer."
            if interrupt
            else "There is nothing to answer."
        )
        super().__init__(f"{named} {waiting}")


class GraphBubbleUp(Exception):  # noqa: N818 - LangGraph's name, and it is no error
    """What leaves a node upwards and is no failure."""


class GraphInterrupt(GraphBubbleUp):
    """A node waits for an answer; `interrupts` are what it asked."""

    def __init__(self, interrupts: tuple[Any, ...] = ()) -> None:
        self.interrupts = interrupts
        super().__init__(interrupts)


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


class WorkflowNotFoundError(NotFoundError):
    def __init__(self, workflow: str, known: tuple[str, ...]) -> None:
        self.workflow = workflow
        self.known = known
        names = ", ".join(known) if known else "none is published yet: start a host"
        super().__init__(f"There is no workflow {workflow!r}. Those that exist: {names}.")


class ConflictError(StoreError):
    """The thing exists and is in no state for what was asked; the sentence says which state would do."""


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
