"""`InMemorySaver`: threads that live as long as the program.

What is kept are encoded values, which are immutable and shared between checkpoints, so a long thread costs its changes
and not its states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from threading import Lock

from fastgraph.checkpoint.base import SavedCheckpoint, ValueReader
from fastgraph.errors import ThreadConflictError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.tasks import TaskEnding
from fastgraph.state.values import StoredValue

__all__ = ["ForgetfulThread", "InMemorySaver", "MemorySaver", "MemoryThread"]


class MemoryThread:
    """The log of one thread and namespace, by number."""

    def __init__(self, key: int) -> None:
        self.key = key
        self._saved: dict[int, SavedCheckpoint] = {}
        self._records: dict[tuple[str, str], bytes] = {}

    def find_latest_number(self) -> int:
        return next(reversed(self._saved), 0)

    def find_latest(self) -> SavedCheckpoint | None:
        return next(reversed(self._saved.values()), None)

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._saved.get(number)

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        return reversed(list(self._saved.values()))

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:  # noqa: ARG002 - shared values cost nothing
        if saved.checkpoint.number in self._saved:
            raise ThreadConflictError(saved.checkpoint.number)
        self._saved[saved.checkpoint.number] = saved.apart()

    def record(self, number: int, ending: TaskEnding) -> None:
        self._saved[number].pending.record(ending)

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        self._saved[number].pending.answers.update(answers)

    def find_record(self, task_id: str, key: str) -> bytes | None:
        return self._records.get((task_id, key))

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        self._records[task_id, key] = data

    def settle(self) -> None:
        """Memory is as durable as it gets."""


class ForgetfulThread(MemoryThread):
    """A thread without a saver: it knows its newest checkpoint only, so that a long run takes no more memory."""

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        self._saved.clear()
        super().append(saved, changes)


class InMemorySaver:
    """Keep threads in memory. May be shared by any number of graphs and threads of the program."""

    def __init__(self) -> None:
        self._threads: dict[tuple[str, str], MemoryThread] = {}
        self._keys = count(1)
        self._lock = Lock()

    def open_thread(
        self,
        thread_id: str,
        namespace: str = "",
        *,
        reader: ValueReader,  # noqa: ARG002 - values are kept as they are
    ) -> MemoryThread:
        """Return the log of a thread's namespace; an unknown name begins a new one."""
        with self._lock:
            log = self._threads.get((thread_id, namespace))
            if log is None:
                log = self._threads[thread_id, namespace] = MemoryThread(next(self._keys))
            return log

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        with self._lock:
            for place in [place for place in self._threads if place[0] == thread_id]:
                del self._threads[place]


MemorySaver = InMemorySaver
