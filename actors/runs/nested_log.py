"""The checkpoints of a run inside a task, on the host: read from the store, written through the run's actor.

Used in user threads, by the session that runs the nested graph. What it is handed goes into the attempt's outbox; `settle`
says when it is durable. A finished nested task is a row like any other, so it never runs again. Reads may run validators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol, cast

import orjson

from actors.runs.encoding import ChangeLog, decode_recorded, result_row, snapshot_changes
from actors.runs.kept_errors import decode_error, encode_error
from actors.runs.nested_store import Found
from actors.runs.outbox import Item, NestedCheckpoint, NestedResultWritten
from fastgraph.blobs.disk import hold_while_full
from fastgraph.blobs.spill import Spill
from fastgraph.checkpoint.base import CheckpointSource, Pending, SavedCheckpoint
from fastgraph.clock import Clock
from fastgraph.database.checkpoints import StoredCheckpoint
from fastgraph.database.records import CheckpointRow, NewEvent, TaskRecordRow
from fastgraph.errors import ThreadConflictError
from fastgraph.events import EventKind
from fastgraph.execution.checkpoint import KeyChange, StepCommit
from fastgraph.execution.plan import START
from fastgraph.execution.stored import decode_machine, encode_machine
from fastgraph.execution.tasks import Task, TaskEnding, TaskFailed, TaskResult
from fastgraph.graph.error_handlers import HANDLED_BY
from fastgraph.graph.state_access import StateAccess
from fastgraph.state.values import StoredValue

__all__ = ["NestedLog", "ReadsNested", "TakesItems"]

_BEFORE_THEIR_INPUT = frozenset({"input", "fork"})
"""Sources of checkpoints that are told of before what is noted of them: one without its input would go on without it, so a
host that dies between the two must leave neither."""


class ReadsNested(Protocol):
    """The store as a nested run reads it; blocks for the time of a query."""

    @property
    def run_id(self) -> str: ...

    @property
    def spill(self) -> Spill: ...

    def read(self, key: int, namespace: str, number: int | None, place: str) -> Found | None: ...

    def find_record(self, task_id: str, key: str) -> bytes | None: ...

    def shrink(self, changes: Mapping[str, KeyChange]) -> Mapping[str, KeyChange]: ...


class TakesItems(Protocol):
    """Where what a nested run says goes, in its order."""

    def add(self, *items: Item) -> None: ...

    def settle(self) -> Future[None] | None: ...


class NestedLog:
    """The log of one lineage (`fastgraph.checkpoint.base.ThreadLog`) for one attempt of the run's task around it."""

    def __init__(
        self,
        *,
        key: int,
        is_new: bool,
        namespace: str,
        state: StateAccess,
        store: ReadsNested,
        outbox: TakesItems,
        clock: Clock,
    ) -> None:
        self.key = key
        self._namespace = namespace
        self._state = state
        self._store = store
        self._outbox = outbox
        self._clock = clock
        self._is_read = is_new
        self._latest: SavedCheckpoint | None = None
        self._changes = ChangeLog()
        self._tasks: dict[str, Task] = {}
        self._records: dict[tuple[str, str], bytes] = {}
        self._noted = 0
        self._held: tuple[Item, ...] = ()

    def find_latest_number(self) -> int:
        latest = self.find_latest()
        return latest.checkpoint.number if latest else 0

    def find_latest(self) -> SavedCheckpoint | None:
        if not self._is_read:
            self._latest = self._read(None)
            self._is_read = True
        return self._latest

    def find(self, number: int) -> SavedCheckpoint | None:
        latest = self.find_latest()
        if latest is not None and latest.checkpoint.number == number:
            return latest
        self._wait()
        return self._read(number)

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        for number in range(self.find_latest_number(), 0, -1):
            found = self.find(number)
            if found is not None:
                yield found

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        checkpoint = saved.checkpoint
        if checkpoint.number <= self.find_latest_number():
            raise ThreadConflictError(checkpoint.number)
        commit = StepCommit(checkpoint=checkpoint, changes=changes, is_end=False)
        whole = self._changes.wants_snapshot(commit)
        keep = partial(snapshot_changes, checkpoint, self._store.spill)
        snapshot = hold_while_full(keep) if whole else None
        row = _checkpoint_row(saved, self._namespace, snapshot)
        kept = NestedCheckpoint(
            thread_key=self.key, row=row, changes=None if whole else self._store.shrink(changes)
        )
        self._latest = saved.apart()
        self._noted = 0
        results = saved.pending.results.values()
        notes = [self._noted_result(checkpoint.number, result) for result in results]
        if saved.source in _BEFORE_THEIR_INPUT:
            self._held += (kept, *notes)
        else:
            self._hand_in(kept, *notes)

    def begin_tasks(self, tasks: Sequence[Task]) -> None:
        """Hear which tasks of the newest checkpoint's step are about to run, and tell of them."""
        for task in tasks:
            if task.node == START:  # nobody's node
                continue
            self._tasks[task.id] = task
            self._hand_in(self._event(EventKind.NODE_STARTED, task, attempt=1))

    def record(self, number: int, ending: TaskEnding) -> None:
        latest = self._latest
        if latest is not None and latest.checkpoint.number == number:
            latest.pending.record(ending)
        if isinstance(ending, TaskResult):
            self._record_result(number, ending)
        elif isinstance(ending, TaskFailed):
            if HANDLED_BY in ending.error.facts:
                error = b'{"error":%b}' % encode_error(ending.error)
                self._hand_in(self._note(number, ending.task_id, error))
            if (task := self._tasks.get(ending.task_id)) is not None:
                shown = {"type": ending.error.type, "message": ending.error.message}
                self._hand_in(self._event(EventKind.NODE_FAILED, task, error=shown))

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        """Answers to nested questions stand with the run's own task; this one is handed them again."""
        if self._latest is not None and self._latest.checkpoint.number == number:
            self._latest.pending.answers.update(answers)

    def find_record(self, task_id: str, key: str) -> bytes | None:
        known = self._records.get((task_id, key))
        return known if known is not None else self._store.find_record(task_id, key)

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        self._records[task_id, key] = data
        self._hand_in(TaskRecordRow(task_id=task_id, record_key=key, value=data))

    def settle(self) -> Future[None] | None:
        self._hand_in()
        return self._outbox.settle()

    def _hand_in(self, *items: Item) -> None:
        """Hand items in, together with what was held back for them."""
        held, self._held = self._held, ()
        if held or items:
            self._outbox.add(*held, *items)

    def _wait(self) -> None:
        settled = self.settle()
        if settled is not None:
            settled.result()

    def _record_result(self, number: int, result: TaskResult) -> None:
        task = self._tasks.get(result.task_id)
        if (
            task is None
        ):  # an input, a Command from outside, START's routers: no node's, so no event tells of it
            self._hand_in(self._noted_result(number, result))
            return
        keep = partial(result_row, result, task, number, self._store.spill, namespace=self._namespace)
        row = hold_while_full(keep)
        more = {"cached": True} if result.is_cached else {}
        event = self._event(EventKind.NODE_UPDATE, task, **more)
        self._hand_in(NestedResultWritten(row=row, event=event))

    def _noted_result(self, number: int, result: TaskResult) -> TaskRecordRow:
        return self._note(number, result.task_id, _encode(result))

    def _note(self, number: int, task_id: str, value: bytes) -> TaskRecordRow:
        """Make the row of what belongs to a step and is no node's result; they are numbered in order."""
        key = f"{number:010}:{self._noted:06}:{task_id}"
        self._noted += 1
        return TaskRecordRow(task_id=_place(self.key), record_key=key, value=value)

    def _event(self, kind: EventKind, task: Task, **more: Any) -> NewEvent:
        data = {"task_id": task.id, "step": task.step, "namespace": self._namespace, **more}
        return NewEvent(kind=kind, at=self._clock.now(), node=task.node, data=orjson.dumps(data))

    # Reading.

    def _read(self, number: int | None) -> SavedCheckpoint | None:
        found = self._store.read(self.key, self._namespace, number, _place(self.key))
        if found is None:
            return None
        stored, results, notes = found
        state = self._state
        pending = Pending()
        for key, value in notes.items():
            self._take_note(pending, key, orjson.loads(value))
        for result in results:
            update = self._store.spill.resolve_update(result.update)
            pending.record(decode_recorded(result.task_id, update, result.routing, state))
        self._noted = len(notes)
        if number is None:
            self._changes = ChangeLog(log_bytes=stored.log_bytes, rows=stored.log_rows)
        return _saved(stored, state, self._store.run_id, pending)

    def _take_note(self, pending: Pending, key: str, note: dict[str, Any]) -> None:
        task_id = key.split(":", 2)[2]
        if "error" in note:
            pending.errors[task_id] = decode_error(orjson.dumps(note["error"]))
            return
        routing = note.get("routing")
        pending.record(
            decode_recorded(
                task_id,
                orjson.dumps(note["update"]),
                orjson.dumps(routing) if routing else None,
                self._state,
            )
        )


def _place(key: int) -> str:
    """Under which name of a task the notes of a lineage stand."""
    return f"lineage:{key}"


def _encode(result: TaskResult) -> bytes:
    row = result_row(result, None, 0, None)
    return b'{"update":%b,"routing":%b}' % (row.update, row.routing or b"null")


def _checkpoint_row(saved: SavedCheckpoint, namespace: str, snapshot: bytes | None) -> CheckpointRow:
    """Make a row whose changes are the snapshot, if there is one."""
    checkpoint = saved.checkpoint
    machine = orjson.loads(encode_machine(checkpoint, 0))
    machine |= {"source": saved.source, "metadata": dict(saved.metadata)}
    return CheckpointRow(
        number=checkpoint.number,
        parent=checkpoint.parent,
        step=checkpoint.step,
        changes=snapshot if snapshot is not None else b"{}",
        machine=orjson.dumps(machine, default=repr),
        is_snapshot=snapshot is not None,
        state_bytes=sum(value.size for value in checkpoint.values.values()),
        namespace=namespace,
    )


def _saved(stored: StoredCheckpoint, state: StateAccess, run_id: str, pending: Pending) -> SavedCheckpoint:
    facts = decode_machine(stored.machine, state.decode_argument)
    more = orjson.loads(stored.machine)
    values = {key: state.decode_value(key, data) for key, data in stored.values.items()}
    checkpoint = facts.checkpoint(number=stored.number, step=stored.step, parent=stored.parent, values=values)
    return SavedCheckpoint(
        checkpoint=checkpoint,
        source=cast("CheckpointSource", more.get("source", "loop")),
        run_id=run_id,
        created_at=stored.created_at,
        metadata=more.get("metadata", {}),
        pending=pending,
    )
