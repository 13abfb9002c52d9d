"""`SqliteThread`: the log of one thread and namespace in a saver's file.

A step costs what it changed: a row for each result, and a row for the checkpoint whose changes refer to these results.
Where the changes since the last snapshot outweigh the state, the checkpoint holds the whole state instead, so that
reading costs about as much as the state is large. One writer at a time: whoever comes second with a checkpoint's number
gets ThreadConflictError and nothing of his is stored.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from fastgraph.checkpoint.logs import Pending, SavedCheckpoint, ValueReader
from fastgraph.checkpoint.records import ANSWERS, decode_answers, decode_ending, encode_answers, encode_ending
from fastgraph.checkpoint.sqlite.file import Row, SaverFile
from fastgraph.errors import StoreError, ThreadConflictError
from fastgraph.execution.checkpoint import Checkpoint, KeyChange
from fastgraph.execution.stored import decode_machine, encode_machine
from fastgraph.execution.tasks import TaskEnding, TaskResult
from fastgraph.state.changes import Change, needs_snapshot
from fastgraph.state.lineage import Lineage, Reference
from fastgraph.state.values import StoredValue

__all__ = ["LineageRow", "SqliteThread"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ADD_THREAD = "INSERT INTO saver_threads (key, thread_id, namespace, name_key) VALUES (?, ?, ?, ?)"
_ADD_CHECKPOINT = (
    "INSERT INTO saver_checkpoints (thread_key, number, parent, step, source, run_id, created_at, metadata, machine, "
    "changes, is_snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_RESULT = (
    "INSERT INTO saver_results (thread_key, number, seq, task_id, kind, body) VALUES (?, ?, ?, ?, ?, ?)"
)
_ADD_RECORD = (
    "INSERT OR REPLACE INTO saver_records (thread_key, task_id, record_key, value) VALUES (?, ?, ?, ?)"
)
_NEWEST = "SELECT max(number) FROM saver_checkpoints WHERE thread_key = ?"
_NUMBERS = "SELECT number FROM saver_checkpoints WHERE thread_key = ? ORDER BY number DESC"
_FACTS = (
    "SELECT parent, step, source, run_id, created_at, metadata, machine FROM saver_checkpoints "
    "WHERE thread_key = ? AND number = ?"
)
_SNAPSHOT_BELOW = (
    "SELECT max(number) FROM saver_checkpoints WHERE thread_key = ? AND number <= ? AND is_snapshot"
)
_CHANGES = (
    "SELECT number, parent, changes, is_snapshot FROM saver_checkpoints "
    "WHERE thread_key = ? AND number BETWEEN ? AND ? ORDER BY number DESC"
)
_RESULTS = (
    "SELECT seq, task_id, kind, body FROM saver_results WHERE thread_key = ? AND number = ? ORDER BY seq"
)
_BODIES = "SELECT number, seq, body FROM saver_results WHERE thread_key = ? AND number BETWEEN ? AND ? AND kind = 'result'"
_NEXT_SEQ = "SELECT coalesce(max(seq), 0) + 1 FROM saver_results WHERE thread_key = ? AND number = ?"
_RECORD = "SELECT value FROM saver_records WHERE thread_key = ? AND task_id = ? AND record_key = ?"

_MAKE_SNAPSHOT = (
    "UPDATE saver_checkpoints SET changes = ?, is_snapshot = 1 WHERE thread_key = ? AND number = ?"
)
_DROP_CHECKPOINT = "DELETE FROM saver_checkpoints WHERE thread_key = ? AND number = ?"
_DROP_RESULTS = "DELETE FROM saver_results WHERE thread_key = ? AND number = ?"


ONE_BY_ONE = 4
"""How many checkpoints of a history are read on their own, before all rows of the thread are."""
_ALL = 2**62


class _Rows(NamedTuple):
    """What states are made of: (parent, changes, is_snapshot) by number, and results by where they stand."""

    changes: dict[int, Any]
    bodies: dict[Reference, bytes]


class LineageRow(NamedTuple):
    """A row of `saver_threads`; `is_new` says that it is to be written with the first checkpoint."""

    key: int
    thread_id: str
    namespace: str
    name_key: int
    is_new: bool


class SqliteThread:
    """The log of one lineage. One thread of the program at a time."""

    def __init__(self, file: SaverFile, row: LineageRow, reader: ValueReader) -> None:
        self.key = row.name_key
        self._file = file
        self._row = row
        self._reader = reader
        self._is_new = row.is_new
        self._number = 0
        self._seqs: dict[str, int] = {}
        self._next_seqs: dict[int, int] = {}
        self._weights: dict[int, tuple[int, int]] = {}
        self._failure: BaseException | None = None

    def __hash__(self) -> int:
        return id(self)

    def find_latest_number(self) -> int:
        return self._file.read(_NEWEST, (self._row.key,))[0][0] or 0

    def find_latest(self) -> SavedCheckpoint | None:
        return self.find(self.find_latest_number())

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._find(number, None)

    def _find(self, number: int, rows: _Rows | None) -> SavedCheckpoint | None:
        found = self._file.read(_FACTS, (self._row.key, number))
        if not found:
            return None
        parent, step, source, run_id, created_at, metadata, machine = found[0]
        facts = decode_machine(machine, self._reader.decode_argument)
        values = self._read_values(number, rows)
        return SavedCheckpoint(
            checkpoint=facts.checkpoint(number=number, step=step, parent=parent, values=values),
            source=source,
            run_id=run_id,
            created_at=_EPOCH + created_at * _MICROSECOND,
            metadata=orjson.loads(metadata) if metadata else {},
            pending=self._read_pending(number),
        )

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        rows: _Rows | None = None
        for place, (number,) in enumerate(self._file.read(_NUMBERS, (self._row.key,))):
            if place == ONE_BY_ONE:
                rows = self._read_all_rows()
            saved = self._find(number, rows)
            if saved is not None:
                yield saved

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        self._check()
        if self._is_new:
            self._is_new = False
            self._file.add(self, _ADD_THREAD, self._row[:4])
        checkpoint = saved.checkpoint
        is_snapshot = self._weigh(checkpoint, changes)
        self._file.add(
            self,
            _ADD_CHECKPOINT,
            (
                self._row.key,
                checkpoint.number,
                checkpoint.parent,
                checkpoint.step,
                saved.source,
                saved.run_id,
                (saved.created_at - _EPOCH) // _MICROSECOND,
                orjson.dumps(saved.metadata, default=repr) if saved.metadata else None,
                encode_machine(checkpoint, -1),
                _encode_state(checkpoint) if is_snapshot else self._encode_changes(checkpoint, changes),
                is_snapshot,
            ),
        )
        self._enter(checkpoint.number)
        self._next_seqs = {checkpoint.number: 1}

    def record(self, number: int, ending: TaskEnding) -> None:
        kind, body = encode_ending(ending)
        seq = self._add_result(number, ending.task_id, kind, body)
        if number == self._number and isinstance(ending, TaskResult):
            self._seqs[ending.task_id] = seq

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        self._add_result(number, "", ANSWERS, encode_answers(answers))

    def find_record(self, task_id: str, key: str) -> bytes | None:
        rows = self._file.read(_RECORD, (self._row.key, task_id, key))
        return bytes(rows[0][0]) if rows else None

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        self._check()
        self._file.add(self, _ADD_RECORD, (self._row.key, task_id, key, data))

    def settle(self) -> Future[None] | None:
        self._check()
        committed = self._file.settle()
        if committed is None:
            self._check()
            return None
        settled: Future[None] = Future()
        committed.add_done_callback(lambda done: self._settle(settled, done))
        return settled

    def start_settling(self) -> None:
        """Begin to commit what was handed in, and do not wait for it."""
        self._check()
        self._file.start()

    def forget_statements(self, is_unwanted: Callable[[SavedCheckpoint], bool]) -> list[Row]:
        """Return the statements that forget checkpoints; what stands on them gets its whole state first."""
        statements: list[Row] = []
        gone: set[int] = set()
        kept: list[SavedCheckpoint] = []
        for saved in self.list_newest_first():
            if is_unwanted(saved):
                gone.add(saved.checkpoint.number)
            else:
                kept.append(saved)
        for saved in kept:
            if saved.checkpoint.parent in gone:
                place = (self._row.key, saved.checkpoint.number)
                statements.append((_MAKE_SNAPSHOT, (_encode_state(saved.checkpoint), *place)))
        for number in gone:
            statements += [(query, (self._row.key, number)) for query in (_DROP_CHECKPOINT, _DROP_RESULTS)]
        return statements

    def fail(self, error: BaseException) -> None:
        """Take the error that this log's rows met; see `Writer`."""
        if isinstance(error, sqlite3.IntegrityError):
            conflict = ThreadConflictError(self._number, self._row.thread_id)
            conflict.__cause__ = error
            error = conflict
        self._failure = error

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _settle(self, settled: Future[None], done: Future[None]) -> None:
        error = self._failure or done.exception()
        if error is None:
            settled.set_result(None)
        else:
            settled.set_exception(error)

    def _enter(self, number: int) -> None:
        if number != self._number:
            self._number = number
            self._seqs = {}

    def _add_result(self, number: int, task_id: str, kind: str, body: bytes) -> int:
        self._check()
        seq = self._next_seqs.get(number)
        if seq is None:
            seq = self._file.read(_NEXT_SEQ, (self._row.key, number))[0][0]
        self._next_seqs[number] = seq + 1
        self._file.add(self, _ADD_RESULT, (self._row.key, number, seq, task_id, kind, body))
        return seq

    def _weigh(self, checkpoint: Checkpoint, changes: Mapping[str, KeyChange]) -> bool:
        """Say whether to store the whole state, and count what a reader has to go through otherwise."""
        log_bytes, log_rows = self._weights.get(checkpoint.parent or 0, (0, 0))
        log_bytes += sum(change.change.weight for change in changes.values())
        state_bytes = sum(value.size for value in checkpoint.values.values())
        is_snapshot = needs_snapshot(log_bytes=log_bytes, log_rows=log_rows + 1, state_bytes=state_bytes)
        self._weights = {checkpoint.number: (0, 0) if is_snapshot else (log_bytes, log_rows + 1)}
        return is_snapshot

    def _encode_changes(self, checkpoint: Checkpoint, changes: Mapping[str, KeyChange]) -> bytes:
        """Encode changes: by reference where a result on the parent holds the value, else in full."""
        seqs = self._seqs if checkpoint.parent == self._number else {}
        parts = []
        for key, change in changes.items():
            seq = seqs.get(change.from_task) if change.from_task is not None else None
            body = change.change.reference(seq) if seq is not None else None
            parts.append(orjson.dumps(key) + b":" + (body or change.change.encode()))
        return b"{" + b",".join(parts) + b"}"

    def _read_values(self, number: int, rows: _Rows | None) -> dict[str, StoredValue]:
        lineage = self._walk_back(number, rows)
        self._weights[number] = (lineage.log_bytes, lineage.log_rows)
        bodies = self._read_bodies(lineage.references()) if rows is None else rows.bodies
        updates = {reference: orjson.loads(bodies[reference])["update"] for reference in lineage.references()}
        encoded = lineage.build(updates, resolve=_as_it_is)
        return {key: self._reader.decode_value(key, data) for key, data in encoded.items()}

    def _read_bodies(self, references: set[Reference]) -> dict[Reference, bytes]:
        """Read the results that changes refer to, by the checkpoint that they stand on; many of them by a range."""
        if not references:
            return {}
        numbers = [reference.run_key for reference in references]
        found = self._file.read(_BODIES, (self._row.key, min(numbers), max(numbers)))
        return {Reference(number, seq): body for number, seq, body in found if (number, seq) in references}

    def _read_all_rows(self) -> _Rows:
        """Read all that states are made of: what a history needs again and again."""
        changes: dict[int, Any] = {}
        for number, *row in self._file.read(_CHANGES, (self._row.key, 0, _ALL)):
            changes[number] = row
        found = self._file.read(_BODIES, (self._row.key, 0, _ALL))
        return _Rows(changes, {Reference(number, seq): body for number, seq, body in found})

    def _walk_back(self, number: int, rows: _Rows | None) -> Lineage:
        """Follow the parents to the last snapshot."""
        lineage = Lineage()
        wanted: int | None = number
        loaded = rows.changes if rows is not None else {}
        while wanted is not None:
            if wanted not in loaded and rows is None:
                # a fork's parent may lie below a snapshot that belongs to another branch; then one more range is read
                low = self._file.read(_SNAPSHOT_BELOW, (self._row.key, wanted))[0][0] or 0
                for place, *row in self._file.read(_CHANGES, (self._row.key, low, wanted)):
                    loaded[place] = row
            if wanted not in loaded:
                raise StoreError(
                    f"Checkpoint {wanted} of thread {self._row.thread_id!r} is missing, which checkpoint {number} builds "
                    "on. Restore the saver's file from a backup."
                )
            parent, changes, is_snapshot = loaded[wanted]
            # a reference's number is that of the parent, where the results stand
            lineage.add(run_key=parent or 0, changes=changes, is_snapshot=bool(is_snapshot))
            wanted = None if is_snapshot else parent
        return lineage

    def _read_pending(self, number: int) -> Pending:
        pending = Pending()
        seqs: dict[str, int] = {}
        last = 0
        for seq, task_id, kind, body in self._file.read(_RESULTS, (self._row.key, number)):
            last = seq
            if kind == ANSWERS:
                pending.answers.update(decode_answers(body, self._reader))
                continue
            ending = decode_ending(kind, task_id, body, self._reader)
            pending.record(ending)
            if isinstance(ending, TaskResult):
                seqs[task_id] = seq
        self._next_seqs[number] = last + 1
        self._number, self._seqs = number, seqs
        return pending


def _encode_state(checkpoint: Checkpoint) -> bytes:
    parts = [
        orjson.dumps(key) + b":" + Change.set_to(value).encode() for key, value in checkpoint.values.items()
    ]
    return b"{" + b",".join(parts) + b"}"


def _as_it_is(tree: Any) -> Any:
    return tree
