"""`TupleLog`: a log made of a saver that has LangGraph's methods only.

Checkpoints and what tasks leave are handed over in LangGraph's form, whole, as such a saver expects; so it grows as it
does there. Small records of tasks are kept for as long as the program runs. The saver's own order of ids counts: ours
sort as their numbers do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.logs import STEER, Pending, SavedCheckpoint, ValueReader
from fastgraph.checkpoint.tuples import (
    CheckpointTuple,
    make_config,
    read_checkpoint,
    read_writes,
    retype,
    show_checkpoint,
    show_writes,
)
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import TaskEnding, TaskFailed, TaskInterrupted
from fastgraph.ids import checkpoint_id, parse_checkpoint_id
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.checkpoint.saver import BaseCheckpointSaver

__all__ = ["TupleLog"]

_KEY_BYTES = 5
_RECORD = "__record__"


class TupleLog:
    """The log of one thread and namespace over `put`, `put_writes`, `get_tuple` and `list`."""

    def __init__(
        self, saver: BaseCheckpointSaver, thread_id: str, namespace: str, reader: ValueReader
    ) -> None:
        self._saver = saver
        self._thread_id = thread_id
        self._namespace = namespace
        self._reader = reader
        name = hashlib.blake2b(f"{thread_id}\x00{namespace}".encode(), digest_size=_KEY_BYTES)
        self.key = int.from_bytes(name.digest()) + 1

    def find_latest_number(self) -> int:
        found = self._saver.get_tuple(self._config(None))
        return parse_checkpoint_id(found.checkpoint["id"])[1] if found else 0

    def find_latest(self) -> SavedCheckpoint | None:
        return self._read(self._saver.get_tuple(self._config(None)))

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._read(self._saver.get_tuple(self._config(number))) if number else None

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        for found in self._saver.list(self._config(None)):
            saved = self._read(found)
            if saved is not None:
                yield saved

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        shown = show_checkpoint(saved, key=self.key, thread_id=self._thread_id, namespace=self._namespace)
        versions = shown.checkpoint["channel_versions"]
        written = {key: versions[key] for key in changes if key in versions}
        self._saver.put(self._config(saved.checkpoint.parent), shown.checkpoint, shown.metadata, written)

    def record(self, number: int, ending: TaskEnding) -> None:
        pending = Pending()
        if ending.task_id == STEER and (saved := self.find(number)) is not None:
            # such a saver keeps one list of writes for a task, so what came before is handed over again
            pending.steers = list(saved.pending.steers)
        pending.record(ending)
        self._put(number, pending)
        if isinstance(ending, TaskFailed) and ending.refused_answer is not None:
            self._put_answers(number, ending)

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        saved = self.find(number)
        if saved is None:
            return
        saved.pending.answers.update(answers)
        for name, task_answers in _answers_by_task(saved.pending).items():
            if any(interrupt_id(name, place) in answers for place in range(len(task_answers))):
                self._saver.put_writes(self._config(number), [("__resume__", task_answers)], name)

    def _put_answers(self, number: int, ending: TaskFailed) -> None:
        """Hand over a task's answers again, without the one that it refused."""
        saved = self.find(number)
        if saved is not None:
            saved.pending.record(ending)
            kept = _answers_by_task(saved.pending).get(ending.task_id, [])
            self._saver.put_writes(self._config(number), [("__resume__", kept)], ending.task_id)

    def find_record(self, task_id: str, key: str) -> bytes | None:
        found = self._saver.get_tuple(self._config(None))
        wanted = f"{_RECORD}{task_id}:{key}"
        for name, _, value in (found.pending_writes if found else None) or ():
            if name == wanted:
                return bytes.fromhex(value)
        return None

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        number = self.find_latest_number()
        self._saver.put_writes(self._config(number), [(_RECORD, data.hex())], f"{_RECORD}{task_id}:{key}")

    def settle(self) -> None:
        """Each call returned when the saver had done it."""

    def _put(self, number: int, pending: Pending) -> None:
        by_task: dict[str, list[tuple[str, Any]]] = {}
        for name, channel, value in show_writes(pending):
            by_task.setdefault(name, []).append((channel, value))
        for name, writes in by_task.items():
            self._saver.put_writes(self._config(number), writes, name)

    def _config(self, number: int | None) -> Any:
        if number is None:
            return {"configurable": {"thread_id": self._thread_id, "checkpoint_ns": self._namespace}}
        return make_config(self._thread_id, self._namespace, checkpoint_id(self.key, number))

    def _read(self, found: CheckpointTuple | None) -> SavedCheckpoint | None:
        """Read a tuple, with values under the graph's types."""
        if found is None:
            return None
        parent = ((found.parent_config or {}).get("configurable") or {}).get("checkpoint_id")
        saved = read_checkpoint(
            found.checkpoint,
            found.metadata,
            number=parse_checkpoint_id(found.checkpoint["id"])[1],
            parent=parse_checkpoint_id(parent)[1] if parent else None,
        )
        by_task: dict[str, list[tuple[str, Any]]] = {}
        for name, channel, value in found.pending_writes or ():
            if channel != _RECORD:
                by_task.setdefault(name, []).append((channel, value))
        for name, writes in by_task.items():
            endings, answers = read_writes(writes, name)
            saved.pending.answers.update(answers)
            for ending in endings:
                saved.pending.record(ending)
        return retype(saved, self._reader)


def _answers_by_task(pending: Pending) -> dict[str, list[Any]]:
    """Return the answers of each task that asked, in the order of its questions."""
    asked = {item.task_id for interrupted in pending.interrupts.values() for item in interrupted.interrupts}
    told = show_writes(
        Pending(
            interrupts={name: TaskInterrupted(task_id=name, interrupts=()) for name in asked},
            answers=pending.answers,
        )
    )
    return {name: value for name, channel, value in told if channel == "__resume__"}
