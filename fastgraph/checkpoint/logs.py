"""What keeps a thread between calls of `invoke`: checkpoints in a line, and what the last step has so far.

A saver hands out a `ThreadLog` for a thread's name and a namespace (a subgraph's lineage; "" is the thread's own). It is
handed stored values only, and gets a reader where it has to make stored values of bytes, so a saver needs no graph. One
writer a log at a time; the log itself does not lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from fastgraph.execution.checkpoint import Checkpoint, KeyChange
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import (
    ErrorRecord,
    InterruptRequest,
    Task,
    TaskEnding,
    TaskFailed,
    TaskInterrupted,
    TaskResult,
)
from fastgraph.state.frozen import frozen
from fastgraph.state.values import StoredValue

__all__ = [
    "GIVEN_INPUT",
    "STEER",
    "STEERED",
    "CheckpointSource",
    "Pending",
    "SavedCheckpoint",
    "ThreadLog",
    "ValueReader",
    "WatchesTasks",
]

CheckpointSource = Literal["input", "loop", "update", "fork"]

STEER = ""
"""The task id under which a Command from outside is recorded."""
STEERED = "__steered__"
"""The task id under which a copy of a checkpoint keeps where the Command led that made it."""
GIVEN_INPUT = "__input__"
"""The task id under which the writes of a thread's input are recorded."""


@dataclass(slots=True, kw_only=True)
class Pending:
    """What the tasks of one checkpoint's step have said so far, by task id; `answers` are by interrupt id.

    It is also the step's record for the history: a task that has its result keeps its last questions and its last error.
    `steers` are the Commands that were given from outside while the step was pending, in order. The result under
    `GIVEN_INPUT` holds the input that a checkpoint with START due stands for.
    """

    results: dict[str, TaskResult] = field(default_factory=dict)
    interrupts: dict[str, TaskInterrupted] = field(default_factory=dict)
    answers: dict[str, StoredValue] = field(default_factory=dict)
    errors: dict[str, ErrorRecord] = field(default_factory=dict)
    steers: list[TaskResult] = field(default_factory=list)

    def copy(self) -> Pending:
        """Return one that may be changed apart from this."""
        return Pending(
            results=dict(self.results),
            interrupts=dict(self.interrupts),
            answers=dict(self.answers),
            errors=dict(self.errors),
            steers=list(self.steers),
        )

    def record(self, ending: TaskEnding) -> None:
        """Take what has become of a task, or a steer; the newest of each kind counts."""
        name = ending.task_id
        if isinstance(ending, TaskResult):
            if name == STEER:
                self.steers.append(ending)
            else:
                self.results[name] = ending
        elif isinstance(ending, TaskInterrupted):
            self.interrupts[name] = ending
        else:
            self.errors[name] = ending.error
            self._forget_refused(ending)

    def is_answered(self, ending: TaskInterrupted) -> bool:
        """Say whether some question of a task has its answer, so that the task is worth executing again."""
        return any(question.id in self.answers for question in ending.interrupts)

    def open_questions(self) -> list[InterruptRequest]:
        """Return the questions of unfinished tasks that have no answer yet, in the order of asking."""
        return [
            question
            for name, interrupted in self.interrupts.items()
            if name not in self.results
            for question in interrupted.interrupts
            if question.id not in self.answers
        ]

    def _forget_refused(self, ending: TaskFailed) -> None:
        """Forget an answer that did not fit and the later ones of the same task, so that they can be given again."""
        asked = self.interrupts.get(ending.task_id)
        refused = (
            next((item for item in asked.interrupts if item.id == ending.refused_answer), None)
            if asked
            else None
        )
        if refused is not None:
            position = refused.position
            while self.answers.pop(interrupt_id(refused.task_id, position), None) is not None:
                position += 1


@frozen
class SavedCheckpoint:
    """A checkpoint with what is known of its making, and the step that stands on it."""

    checkpoint: Checkpoint
    source: CheckpointSource
    run_id: str
    created_at: datetime
    metadata: Mapping[str, object] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)

    def apart(self) -> SavedCheckpoint:
        """Return the same with a `pending` of its own."""
        return replace(self, pending=self.pending.copy())


class ValueReader(Protocol):
    """Makes stored values of bytes, with the codecs of a graph's keys and nodes (`graph.state`). May run user code."""

    def decode_value(self, key: str, data: bytes) -> StoredValue: ...

    def decode_write(self, key: str, data: bytes) -> StoredValue:
        """Read what was written to a key; KeyError for one that the graph has no more."""
        ...

    def decode_argument(self, node: str, data: bytes) -> StoredValue: ...

    def decode_any(self, data: bytes) -> StoredValue:
        """Read a question or an answer."""
        ...


class ThreadLog(Protocol):
    """The checkpoints of one thread and namespace, numbered from 1."""

    @property
    def key(self) -> int:
        """The number that stands for this lineage in the names of its checkpoints."""
        ...

    def find_latest_number(self) -> int:
        """Return the number of the newest checkpoint, 0 where there is none."""
        ...

    def find_latest(self) -> SavedCheckpoint | None:
        """Return the newest checkpoint, or None where there is none."""
        ...

    def find(self, number: int) -> SavedCheckpoint | None:
        """Return checkpoint `number`, or None."""
        ...

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        """Go through all checkpoints, newest first."""
        ...

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        """Keep a checkpoint; `changes` lead to it from its parent. Raises ThreadConflictError where its number is taken:
        somebody else goes on with the thread. It may also come from a later call, and from what `settle` returns."""
        ...

    def record(self, number: int, ending: TaskEnding) -> None:
        """Keep what has become of a task of the step that stands on checkpoint `number`."""
        ...

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        """Keep answers, by interrupt id, to questions of the step that stands on checkpoint `number`."""
        ...

    def find_record(self, task_id: str, key: str) -> bytes | None:
        """Return what a task has kept under `key`, or None."""
        ...

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        """Keep a small fact of a task: what is known must not be found out twice when the task is executed again."""
        ...

    def settle(self) -> Future[None] | None:
        """Return what is done when all that was handed in is durable; None where it is already."""
        ...


@runtime_checkable
class WatchesTasks(Protocol):
    """A log that wants to hear which tasks are about to run on its newest checkpoint."""

    def begin_tasks(self, tasks: Sequence[Task]) -> None:
        """Hear it; what follows with `settle` is durable before they run."""
        ...
