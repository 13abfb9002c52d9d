"""`InMemorySaver`: threads that live as long as the program.

What is kept are encoded values, which are immutable and shared between checkpoints, so a long thread costs its changes
and not its states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.logs import SavedCheckpoint, ValueReader
from fastgraph.checkpoint.saver import LogSaver
from fastgraph.checkpoint.tuples import ChannelVersions, Checkpoint, CheckpointMetadata, retype
from fastgraph.errors import ThreadConflictError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.tasks import TaskEnding
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.config import RunnableConfig

__all__ = ["ForgetfulThread", "InMemorySaver", "MemorySaver", "MemoryThread"]


class MemoryThread:
    """The log of one thread and namespace, by number."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.reader: ValueReader | None = None
        self.has_plain_data = False
        """Whether some of it came by `put`, without a graph: such values get their types when they are read."""
        self._saved: dict[int, SavedCheckpoint] = {}
        self._records: dict[tuple[str, str], bytes] = {}

    def find_latest_number(self) -> int:
        return next(reversed(self._saved), 0)

    def find_latest(self) -> SavedCheckpoint | None:
        return self.find(self.find_latest_number())

    def find(self, number: int) -> SavedCheckpoint | None:
        saved = self._saved.get(number)
        if saved is not None and self.has_plain_data and self.reader is not None:
            return retype(saved, self.reader)
        return saved

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        for number in reversed(list(self._saved)):
            saved = self.find(number)
            if saved is not None:
                yield saved

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

    def forget(self, is_unwanted: Callable[[SavedCheckpoint], bool]) -> None:
        """Forget checkpoints; what stands on them stays, since values are whole here."""
        self._saved = {number: saved for number, saved in self._saved.items() if not is_unwanted(saved)}

    def copy(self) -> MemoryThread:
        """Return a log of its own with the same checkpoints under the same ids."""
        copied = MemoryThread(self.key)
        copied._saved = {number: saved.apart() for number, saved in self._saved.items()}
        copied._records = dict(self._records)
        return copied


class ForgetfulThread(MemoryThread):
    """A thread without a saver: it knows its newest checkpoint only, so that a long run takes no more memory."""

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        self._saved.clear()
        super().append(saved, changes)


class InMemorySaver(LogSaver):
    """Keep threads in memory. May be shared by any number of graphs and threads of the program."""

    def __init__(self, *, serde: Any = None) -> None:
        super().__init__(serde=serde)
        self._threads: dict[tuple[str, str], MemoryThread] = {}
        self._keys = count(1)
        self._lock = Lock()

    def open_thread(
        self,
        thread_id: str,
        namespace: str = "",
        *,
        reader: ValueReader,
    ) -> MemoryThread:
        """Return the log of a thread's namespace; an unknown name begins a new one."""
        log = self.open_named(thread_id, namespace, 0)
        log.reader = reader
        return log

    def open_named(self, thread_id: str, namespace: str, name_key: int) -> MemoryThread:
        """Return the log of a namespace; a new one gets this key, or one of its own for 0."""
        with self._lock:
            log = self._threads.get((thread_id, namespace))
            if log is None:
                log = self._threads[thread_id, namespace] = MemoryThread(name_key or next(self._keys))
            return log

    def put(
        self,
        config: Mapping[str, Any],
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint whose parent the config names, and return the config that names it."""
        stored = super().put(config, checkpoint, metadata, new_versions)
        place = stored["configurable"]
        self.open_named(place["thread_id"], place["checkpoint_ns"], 0).has_plain_data = True
        return stored

    def list_lineages(self, thread_id: str | None = None) -> list[tuple[str, str]]:
        """Return the threads and namespaces that have checkpoints, of one thread or all."""
        with self._lock:
            places = list(self._threads.items())
        return [
            place
            for place, log in places
            if (thread_id is None or place[0] == thread_id) and log.find_latest_number()
        ]

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        with self._lock:
            for place in [place for place in self._threads if place[0] == thread_id]:
                del self._threads[place]

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints of these runs; what stands on them stays."""
        for log in list(self._threads.values()):
            log.forget(lambda saved: saved.run_id in run_ids)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all its namespaces to another name; what that had is gone."""
        self.delete_thread(target_thread_id)
        with self._lock:
            for (thread_id, namespace), log in list(self._threads.items()):
                if thread_id == source_thread_id:
                    self._threads[target_thread_id, namespace] = log.copy()

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Forget all checkpoints but the newest of each namespace, or with "delete" the threads."""
        for thread_id in thread_ids:
            if strategy == "delete":
                self.delete_thread(thread_id)
                continue
            for _, namespace in self.list_lineages(thread_id):
                log = self._threads[thread_id, namespace]
                newest = log.find_latest_number()
                log.forget(lambda saved, newest=newest: saved.checkpoint.number != newest)  # type: ignore[misc]


MemorySaver = InMemorySaver
