"""How a run ends: one function for the owner's last commit, for terminate, for cancel without an owner, for supersede.

An end clears the owner and the timers, removes what waits (interrupts, attempts), gives up the thread's turn, and
writes the result and the time. Whoever is not the owner also raises the epoch, so that the old owner's next write is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastgraph import fault_points
from fastgraph.database.children import tell_parent
from fastgraph.database.guard import check_epoch, require_live_run
from fastgraph.database.heads import RunHead
from fastgraph.database.records import Committed, TerminateRun
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.events import EventKind
from fastgraph.status import RunStatus, check_transition

__all__ = ["SUPERSEDED", "Ending", "end_by_force", "end_run", "supersede", "terminate_run"]

SUPERSEDED = b'{"reason":"superseded"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ends by somebody who is not its owner."""

    status: RunStatus
    kind: EventKind
    data: bytes | None
    error: bytes | None
    at: int


def end_run(
    tx: Transaction, head: RunHead, *, status: RunStatus, result: bytes | None, error: bytes | None, at: int
) -> None:
    """End a run whose own event is numbered already. The transition must have been checked."""
    fault_points.within(fault_points.RUN_END)
    head.status = status
    head.owner = None
    head.wake_at = None
    head.consumed = head.inbox  # nobody will read what is left, nor look for it
    head.is_cold = True
    tx.rows.finished.append((result, error, at, None, head.key))
    tx.rows.ended.append((head.key,))
    tx.rows.turns_given.append((head.thread_key, head.key))
    tell_parent(tx, head, at=at)
    thread = tx.threads.get(head.thread_key)
    if thread is not None:
        thread.active.pop(head.key, None)
        if thread.turn == head.key:
            thread.turn = None


def end_by_force(tx: Transaction, head: RunHead, ending: Ending) -> None:
    """End a run whoever owns it: the epoch rises, and the event gets its number here.

    Raises IllegalTransitionError and changes nothing where the run can't end so.
    """
    check_transition(head.run_id, RunStatus(head.status), ending.status)
    fault_points.within(fault_points.EPOCH_BUMP)
    head.epoch += 1
    tx.add_event(head, kind=ending.kind, at=ending.at, data=ending.data)
    end_run(tx, head, status=ending.status, result=None, error=ending.error, at=ending.at)


def supersede(tx: Transaction, head: RunHead, *, at: int) -> None:
    """End an interrupted run because a new input came to its thread, as in LangGraph."""
    end_by_force(
        tx,
        head,
        Ending(status=RunStatus.CANCELLED, kind=EventKind.CANCELLED, data=SUPERSEDED, error=None, at=at),
    )


def terminate_run(tx: Transaction, operation: TerminateRun) -> Committed:
    """End a run whoever owns it. Raises RunNotFoundError, ConflictError where it has ended, LostOwnershipError where it
    has another epoch than expected, IllegalTransitionError."""
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="terminated")
    check_epoch(head, expected=operation.expected_epoch)
    ending = Ending(
        status=operation.status,
        kind=operation.kind,
        data=operation.data,
        error=operation.error,
        at=to_micros(operation.now),
    )
    end_by_force(tx, head, ending)
    return Committed(
        run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox, woken=tx.told.get(head.key)
    )
