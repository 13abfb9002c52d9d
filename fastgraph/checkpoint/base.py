"""What keeps a thread between calls of `invoke`: checkpoints in a line, and what the last step has so far.

A saver hands out a `ThreadLog` for a thread's name. It is handed stored values only, so a saver needs no graph to keep
or read them. One writer a thread at a time; the log itself does not lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.tasks import ErrorRecord, TaskInterrupted, TaskResult
from fastgraph.state.values import StoredValue

__all__ = ["BaseCheckpointSaver", "CheckpointSource", "Pending", "SavedCheckpoint", "ThreadLog"]

CheckpointSource = Literal["input", "loop", "update", "fork"]


@dataclass(slots=True, kw_only=True)
class Pending:
    """What the tasks of one checkpoint's step have said so far, by task id; `answers` are in order of their questions."""

    results: dict[str, TaskResult] = field(default_factory=dict)
    interrupts: dict[str, TaskInterrupted] = field(default_factory=dict)
    answers: dict[str, tuple[StoredValue, ...]] = field(default_factory=dict)
    errors: dict[str, ErrorRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCheckpoint:
    """A checkpoint with what is known of its making, and the step that stands on it."""

    checkpoint: Checkpoint
    source: CheckpointSource
    run_id: str
    created_at: datetime
    metadata: Mapping[str, object] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)


class ThreadLog(Protocol):
    """One thread's checkpoints, numbered from 1."""

    @property
    def key(self) -> int:
        """The number that stands for this thread in the names of its checkpoints."""
        ...

    def find_latest(self) -> SavedCheckpoint | None:
        """Return the newest checkpoint, or None on a thread that has none."""
        ...

    def find(self, number: int) -> SavedCheckpoint | None:
        """Return checkpoint `number`, or None."""
        ...

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        """Go through all checkpoints, newest first."""
        ...

    def append(self, saved: SavedCheckpoint) -> None:
        """Keep a checkpoint."""
        ...


class BaseCheckpointSaver(Protocol):
    """Where threads are kept."""

    def open_thread(self, thread_id: str) -> ThreadLog:
        """Return the log of a thread, new or known. May be called from any thread of the program."""
        ...

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread and all its checkpoints; nothing where it is unknown."""
        ...
