"""The fenced commit: what a task or a step leaves behind, in one transaction, or nothing of it.

Everything is checked before the first row is gathered. An event that tells of a result gives the result its number; a
checkpoint refers to results by that number (`["@", seq]`), so that a value is stored once and readers join it.
"""

from __future__ import annotations

import re
from typing import Any

from fastgraph import fault_points
from fastgraph.database.endings import end_run
from fastgraph.database.guard import check_owner
from fastgraph.database.heads import RunHead
from fastgraph.database.node_cache import namespace_text
from fastgraph.database.records import CheckpointRow, CommitRun, Committed, InterruptRow
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError
from fastgraph.events import EventKind
from fastgraph.status import ENDED, RunStatus, check_transition

__all__ = ["commit_run"]

_SPILLED = re.compile(rb'"\$type":"spilled","sha256":"([0-9a-f]{64})"')
_TELLS_OF_RESULT = EventKind.NODE_UPDATE  # readers join no other kind
_SPILLED_BYTES = b'"$type":"spilled"'


def commit_run(tx: Transaction, operation: CommitRun) -> Committed:
    """Gather the rows of a commit. Raises LostOwnershipError, IllegalTransitionError or ConflictError, and gathers
    nothing then. ValueError where the operation contradicts itself."""
    head = check_owner(
        tx.heads.get(operation.run_key),
        run_key=operation.run_key,
        owner=operation.owner,
        epoch=operation.epoch,
        seq=operation.expected_seq,
    )
    _check(head, operation)
    if head.lost_by is not None:  # its new owner has gone on with it
        head.lost_by = head.lost_reason = None
        head.early_losses = 0
        head.is_cold = True
    at = _add_events(tx, head, operation)
    if operation.results:
        fault_points.passed(fault_points.NODE_RESULT_BEFORE_COMMIT)
        fault_points.at_commit(fault_points.NODE_RESULT_AFTER_COMMIT)
        if head.deaths:
            head.deaths = 0
            head.is_cold = True
    if operation.checkpoint is not None:
        fault_points.reach(fault_points.CHECKPOINT_BEFORE)
        _add_checkpoint(tx, head, operation.checkpoint, at)
        fault_points.passed(fault_points.CHECKPOINT_BEFORE)
        fault_points.at_commit(fault_points.CHECKPOINT_AFTER)
    for thread_key, nested in operation.nested:
        fault_points.within(fault_points.NESTED_COMMIT)
        _add_nested(tx, head, thread_key, nested, at)
    if operation.artifacts or operation.interrupts or operation.answered or operation.attempts:
        _add_side_rows(tx, operation, at)
    if operation.taken_signals or operation.records:
        _add_facts(tx, operation, at)
    for row in operation.cached:
        expires_at = None if row.expires_at is None else to_micros(row.expires_at)
        tx.rows.cached[namespace_text(head.workflow, row.namespace), row.key] = (row.value, at, expires_at)
    _change_head(tx, head, operation, at)
    return Committed(
        run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox, woken=tx.told.get(head.key)
    )


def _check(head: RunHead, operation: CommitRun) -> None:
    if operation.release and operation.seen_inbox is not None and head.inbox != operation.seen_inbox:
        raise ConflictError(
            f"Run {head.run_id} can't be released: its inbox has {head.inbox} rows and its owner has seen "
            f"{operation.seen_inbox}. Read the inbox and go on."
        )
    if operation.status is not None:
        check_transition(head.run_id, RunStatus(head.status), operation.status)
    told = [
        event.result
        for event in operation.events
        if event.result is not None and event.kind == _TELLS_OF_RESULT
    ]
    if len(told) != len(operation.results) or (len(told) > 1 and sorted(told) != list(range(len(told)))):
        raise ValueError(
            f"A commit of run {head.run_id} has {len(operation.results)} results and events for {told}; "
            "each result needs exactly one node_update event."
        )


def _add_events(tx: Transaction, head: RunHead, operation: CommitRun) -> int:
    """Number the events and their results; return the time of the last event."""
    at = 0
    moment = None
    for event in operation.events:
        if event.at is not moment:
            moment = event.at
            at = to_micros(moment)
        seq = tx.add_event(
            head, kind=event.kind, at=at, node=event.node, data=event.data, covers=event.covers
        )
        if event.result is not None:
            row = operation.results[event.result]
            told = (row.task_id, row.node, row.path, row.namespace, row.update, row.routing)
            tx.rows.results.append((head.key, seq, row.checkpoint_number, *told))
            _note_spilled(tx, head, row.update, row.routing or b"")
    return at or tx.now_micros()


def _add_checkpoint(tx: Transaction, head: RunHead, row: CheckpointRow, at: int) -> None:
    _note_spilled(tx, head, row.changes, row.machine)
    # The order of rows.py's statement.
    place = (head.thread_key, row.number, head.key, head.seq, row.parent, row.step)
    rest = (row.is_snapshot, row.state_bytes, at, row.namespace, row.changes, row.machine)
    tx.rows.checkpoints.append((*place, *rest))
    head.checkpoint = row.number
    head.is_changed = True


def _add_nested(tx: Transaction, head: RunHead, thread_key: int, row: CheckpointRow, at: int) -> None:
    """Keep a checkpoint of a lineage inside the run; the run itself stands where it stood."""
    _note_spilled(tx, head, row.changes, row.machine)
    place = (thread_key, row.number, head.key, head.seq, row.parent, row.step)
    rest = (row.is_snapshot, row.state_bytes, at, row.namespace, row.changes, row.machine)
    tx.rows.checkpoints.append((*place, *rest))


def _note_spilled(tx: Transaction, head: RunHead, *encoded: bytes) -> None:
    """Remember which files these values refer to, so that the sweeper spares them."""
    for text in encoded:
        if _SPILLED_BYTES in text:
            tx.rows.spilled.extend((found.decode(), head.thread_key) for found in _SPILLED.findall(text))


def _add_side_rows(tx: Transaction, operation: CommitRun, at: int) -> None:
    key, rows = operation.run_key, tx.rows
    if operation.artifacts:
        fault_points.within(fault_points.ARTIFACT_ROW)
    if operation.interrupts:
        fault_points.within(fault_points.INTERRUPT_ASK)
    if operation.answered:
        fault_points.within(fault_points.INTERRUPT_ANSWER)
    if operation.attempts:
        fault_points.within(fault_points.NODE_RETRY)
    rows.artifacts.extend(
        (row.artifact_id, key, row.name, row.media_type, row.size, row.sha256, row.node, at)
        for row in operation.artifacts
    )
    rows.interrupts.extend(_interrupt_values(key, row, at) for row in operation.interrupts)
    # of several words on one question the last one counts: PostgreSQL takes one a statement
    rows.answers.extend((answer, key, name) for name, answer in dict(operation.answered).items())
    rows.attempts.extend(
        (key, row.task_id, row.node, row.attempt, to_micros(row.next_at), row.error)
        for row in operation.attempts
    )


def _interrupt_values(key: int, row: InterruptRow, at: int) -> tuple[Any, ...]:
    due_at = None if row.due_at is None else to_micros(row.due_at)
    asked = (key, row.interrupt_id, row.task_id, row.node, row.position, row.value, row.response_schema, at)
    return (*asked, row.kind, row.name, due_at, row.namespace or None, row.asked_by)


def _add_facts(tx: Transaction, operation: CommitRun, at: int) -> None:
    """Keep records; a signal that was taken lies with its wait from now on, and only its number and dedup id stay."""
    key, rows = operation.run_key, tx.rows
    if operation.taken_signals:
        fault_points.within(fault_points.SIGNAL_CONSUME)
    if operation.records:
        fault_points.within(fault_points.NODE_RECORD)
    rows.signals_taken.extend((wait, b"", key, number) for number, wait in operation.taken_signals)
    latest = {(row.task_id, row.record_key): row.value for row in operation.records}
    rows.records.extend((key, *place, value, at) for place, value in latest.items())


def _change_head(tx: Transaction, head: RunHead, operation: CommitRun, at: int) -> None:
    """Change what is no part of a plain step; a plain step must not touch the head's indexed columns."""
    if operation.consumed is not None and operation.consumed != head.consumed:
        fault_points.within(fault_points.COMMAND_CONSUME)
        head.consumed = operation.consumed
        head.is_cold = True
    if operation.graph_hash is not None and operation.graph_hash != head.graph_hash:
        head.graph_hash = operation.graph_hash
        head.is_cold = True
    if operation.status is not None and operation.status in ENDED:
        if operation.status == RunStatus.CANCELLED:
            fault_points.within(fault_points.CANCEL_COMMIT)
        end_run(tx, head, status=operation.status, result=operation.result, error=operation.error, at=at)
        return
    if operation.status is not None and operation.status != head.status:
        if head.status == RunStatus.QUEUED:
            tx.rows.started.append((head.key, at))
        if operation.status == RunStatus.PAUSED:
            tx.rows.paused.append((str(head.status), None, head.key))
        head.status = operation.status
        head.wake_at = None
        head.is_cold = True
        _note_status(tx, head)
    if operation.waiting_for is not None:
        tx.rows.waiting.append((operation.waiting_for or None, head.key))
    if operation.wake_at is not None:
        head.wake_at = to_micros(operation.wake_at)
        head.is_cold = True
    if operation.release:
        fault_points.within(fault_points.RUN_PASSIVATE)
        if operation.release_reason is not None and head.status == RunStatus.RUNNING:
            head.lost_by, head.lost_reason = head.owner, operation.release_reason
        head.owner = None
        head.is_cold = True


def _note_status(tx: Transaction, head: RunHead) -> None:
    thread = tx.threads.get(head.thread_key)
    if thread is not None and head.key in thread.active:
        thread.active[head.key] = head.status
