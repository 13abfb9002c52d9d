"""What is done about a run's bad end: it is tried again by a new run, or somebody takes note of it and lets it be.

An ended run is never opened again. A run that was quarantined, or failed, is settled by either, and no list of troubles
need show it any more.
"""

from __future__ import annotations

from fastgraph.database.acceptance import accept_run
from fastgraph.database.control_records import DiscardRun, RetryRun
from fastgraph.database.guard import require_run
from fastgraph.database.records import Accepted, Committed
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError
from fastgraph.status import RunStatus

__all__ = ["BAD_ENDS", "discard_run", "retry_run"]

BAD_ENDS = frozenset({RunStatus.FAILED, RunStatus.QUARANTINED})
_RETRIED = BAD_ENDS | {RunStatus.CANCELLED}


def discard_run(tx: Transaction, operation: DiscardRun) -> Committed:
    """Note that a bad end is settled. Raises RunNotFoundError, and ConflictError where the run has no bad end."""
    head = require_run(tx.find_head(operation.run_id), operation.run_id)
    if head.status not in BAD_ENDS:
        raise ConflictError(
            f"Run {head.run_id} is {head.status}; only one that is failed or quarantined can be discarded. "
            "Cancel one that has not ended, and delete one that nobody wants to keep."
        )
    tx.rows.settled.append((to_micros(operation.now), head.key))
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)


def retry_run(tx: Transaction, operation: RetryRun) -> Accepted:
    """Accept the new run. Raises RunNotFoundError, and ConflictError where the old one has no bad end."""
    head = require_run(tx.find_head(operation.run_id), operation.run_id)
    if head.status not in _RETRIED:
        raise ConflictError(
            f"Run {head.run_id} is {head.status}; only one that is failed, cancelled or quarantined can be retried. "
            "Fork one of its checkpoints to go another way."
        )
    accepted = accept_run(tx, operation.accept)
    tx.rows.retried.append((head.run_id, accepted.run_key))
    if head.status in BAD_ENDS:
        tx.rows.settled.append((to_micros(operation.accept.now), head.key))
    return accepted
