"""The group commit: many operations, one transaction, one outcome each.

A refusal (a lost epoch, a conflict) answers that operation alone and rolls nothing back. Any other error repeats the
group in halves until the guilty operation is alone; it gets the error and the others are committed. What a database calls
temporary (deadlock, serialisation, lock timeout) repeats one run at a time. Where the connection was lost at the commit,
the store is asked what became of it before anything is believed: also later, before the next group, where it could not be
asked at once. Whoever hands in an operation again that turns out to be written gets its answer, and it is not written twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from fastgraph import fault_points
from fastgraph.blobs.disk import DiskWatch
from fastgraph.clock import Clock
from fastgraph.database.faults import Fault, classify, find_full_disk, is_spoilt, wrap_error
from fastgraph.database.lost_commits import LostCommits
from fastgraph.database.operations import Operation, Outcome, carry_out
from fastgraph.database.preparation import prepare
from fastgraph.database.records import CommitRun
from fastgraph.database.transaction import Transaction
from fastgraph.database.turnstile import Turnstile
from fastgraph.database.unknown_commit import was_committed
from fastgraph.errors import CommitUnknownError, LostOwnershipError, StoreError

__all__ = ["MAX_GROUP", "MAX_GROUP_BYTES", "GroupWriter"]

MAX_GROUP = 500  # operations
MAX_GROUP_BYTES = 4 * 1024 * 1024
REPEATS = 5  # of one operation that meets temporary errors only
TRIES_TO_REACH = 2  # a connection that broke while it was idle is worth one more
PATIENCE_SECONDS = 30.0  # after this long, temporary errors are answered: the callers try again later

_Answer = Outcome | Exception


class _Group:
    """The operations of one call, what they were answered, and whose runs an error has stopped."""

    __slots__ = ("answers", "deadline", "failed", "operations")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.answers: list[_Answer] = [False] * len(operations)
        self.failed: set[int] = set()
        self.deadline = time.monotonic() + PATIENCE_SECONDS

    def fail(self, indexes: Sequence[int], error: Exception) -> None:
        """Answer these operations with an error."""
        for index in indexes:
            self.failed.update(self.operations[index].run_keys)
            self.answers[index] = wrap_error(error)


class GroupWriter:
    """Writes groups. One thread at a time: the Writer's."""

    def __init__(
        self, engine: Engine, *, turnstile: Turnstile, clock: Clock, disk: DiskWatch | None = None
    ) -> None:
        self._engine = engine
        self._disk = disk or DiskWatch()
        self._lost = LostCommits(engine)
        self._turnstile = turnstile
        self._clock = clock
        self._connection: Connection | None = None
        self.fenced_writes = 0

    def write(self, operations: Sequence[Operation]) -> list[_Answer]:
        """Return an outcome or an error for each operation, in their order. At most MAX_GROUP operations.

        Blocks while the turnstile and the commit take; raises nothing that belongs to an operation.
        """
        assert len(operations) <= MAX_GROUP, (
            f"a group has at most {MAX_GROUP} operations, not {len(operations)}"
        )
        group = _Group(operations)
        if operations:
            self._write(group, list(range(len(operations))))
        return group.answers

    def close(self) -> None:
        """Give the connection back; the engine is the store's."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, group: _Group, indexes: list[int]) -> None:
        """Write the operations of these indexes, in parts where they can't be written together."""
        repeats = 0
        while True:
            try:
                self._lost.settle()
                indexes = self._lost.answer(group.operations, group.answers, indexes)
                if not indexes:
                    return
                outcomes = self._transact(group, indexes)
            except Exception as error:  # noqa: BLE001 - each error is answered to the operation that is alone with it
                repeats += 1
                fault = classify(error)
                self._look_at(error)
                is_over = time.monotonic() > group.deadline and fault is not Fault.LASTING
                if _is_worth_repeating(fault, repeats, is_alone=len(indexes) == 1) and not is_over:
                    continue
                if fault is Fault.UNREACHABLE or len(indexes) == 1 or is_over:
                    group.fail(indexes, error)
                    return
                for part in _split(group.operations, indexes, one_run_at_a_time=fault is Fault.TEMPORARY):
                    self._write(group, part)
                return
            for index, outcome in zip(indexes, outcomes, strict=True):
                group.answers[index] = outcome
                if outcome.__class__ is LostOwnershipError:
                    self.fenced_writes += 1
            return

    def _transact(self, group: _Group, indexes: list[int]) -> list[_Answer]:
        operations = [group.operations[index] for index in indexes]
        with self._turnstile.hold("commit"):
            connection = self._open()
            tx = Transaction(connection, self._clock)
            transaction = connection.begin()
            try:
                prepare(tx, operations)
                outcomes = [_decide(tx, operation, group.failed) for operation in operations]
                tx.flush()
            except BaseException:
                fault_points.rolled_back()
                self._roll_back(transaction)
                raise
            try:
                transaction.commit()
                fault_points.committed()
            except SQLAlchemyError as error:
                fault_points.rolled_back()
                self._drop()
                is_kept = was_committed(self._engine, tx)
                if is_kept is None:
                    self._lost.add(tx, list(zip(operations, outcomes, strict=True)))
                    raise CommitUnknownError(str(error.__cause__ or error)) from error
                if not is_kept:
                    raise
            return outcomes

    def _look_at(self, error: Exception) -> None:
        """Note a full disk, and open the store anew where its connection can't mend."""
        full = find_full_disk(error)
        if full is not None:
            self._disk.note(full)
        if is_spoilt(error):
            self._drop()

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._drop()
            self._connection = self._engine.connect()
        return self._connection

    def _roll_back(self, transaction: RootTransaction) -> None:
        try:
            transaction.rollback()
        except SQLAlchemyError:
            # The error that led here is the one to tell; a connection that can't roll back is of no more use.
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()
            connection.close()


def _decide(tx: Transaction, operation: Operation, failed: set[int]) -> _Answer:
    """Carry one operation out, or return its refusal."""
    try:
        return carry_out(tx, operation)
    except LostOwnershipError as error:
        if failed and isinstance(operation, CommitRun) and _follows_failed(operation, error, failed):
            return StoreError(
                f"A commit of run {operation.run_id} was not written, because the one before it in its group failed."
            )
        return error
    except StoreError as error:
        return error


def _follows_failed(operation: CommitRun, error: LostOwnershipError, failed: set[int]) -> bool:
    """Only the number is wrong, and an earlier commit of this group is the reason: nobody has taken the run."""
    return operation.run_key in failed and error.seen is not None and error.seen[:2] == error.expected[:2]


def _is_worth_repeating(fault: Fault, repeats: int, *, is_alone: bool) -> bool:
    if fault is Fault.UNREACHABLE:
        return repeats < TRIES_TO_REACH
    return fault is Fault.TEMPORARY and is_alone and repeats < REPEATS


def _split(
    operations: Sequence[Operation], indexes: list[int], *, one_run_at_a_time: bool
) -> list[list[int]]:
    """Return halves, or a part a run: each run's operations together and in their order."""
    if one_run_at_a_time:
        parts: dict[object, list[int]] = {}
        for index in indexes:
            keys = operations[index].run_keys
            parts.setdefault(keys[0] if keys else ("alone", index), []).append(index)
        if len(parts) > 1:
            return list(parts.values())
    middle = len(indexes) // 2
    return [indexes[:middle], indexes[middle:]]
