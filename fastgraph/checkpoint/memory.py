"""`InMemorySaver`: threads that live as long as the program.

What is kept are encoded values, which are immutable and shared between checkpoints, so a long thread costs its changes
and not its states.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from threading import Lock

from fastgraph.checkpoint.base import SavedCheckpoint

__all__ = ["ForgetfulThread", "InMemorySaver", "MemorySaver", "MemoryThread"]


class MemoryThread:
    """The log of one thread, as a list."""

    def __init__(self, key: int) -> None:
        self.key = key
        self._saved: dict[int, SavedCheckpoint] = {}

    def find_latest(self) -> SavedCheckpoint | None:
        return next(reversed(self._saved.values()), None)

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._saved.get(number)

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        return reversed(list(self._saved.values()))

    def append(self, saved: SavedCheckpoint) -> None:
        self._saved[saved.checkpoint.number] = saved


class ForgetfulThread(MemoryThread):
    """A thread without a saver: it knows its newest checkpoint only, so that a long run takes no more memory."""

    def append(self, saved: SavedCheckpoint) -> None:
        self._saved.clear()
        super().append(saved)


class InMemorySaver:
    """Keep threads in memory. May be shared by any number of graphs and threads of the program."""

    def __init__(self) -> None:
        self._threads: dict[str, MemoryThread] = {}
        self._keys = count(1)
        self._lock = Lock()

    def open_thread(self, thread_id: str) -> MemoryThread:
        """Return the log of a thread; an unknown name begins a new one."""
        with self._lock:
            log = self._threads.get(thread_id)
            if log is None:
                log = self._threads[thread_id] = MemoryThread(next(self._keys))
            return log

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread; nothing where it is unknown."""
        with self._lock:
            self._threads.pop(thread_id, None)


MemorySaver = InMemorySaver
