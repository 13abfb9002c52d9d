"""The guard: who may change a run.

Every transaction that changes a run passes here first, on a head that it has locked. The guard is what makes a zombie
harmless under any clock: a lease only says who is alive, (owner, epoch, seq) says who may write.
"""

from __future__ import annotations

from fastgraph.database.heads import RunHead
from fastgraph.errors import ConflictError, LostOwnershipError, RunNotFoundError
from fastgraph.status import ENDED

__all__ = ["check_epoch", "check_owner", "require_live_run", "require_run"]


def check_owner(head: RunHead | None, *, run_key: int, owner: str, epoch: int, seq: int) -> RunHead:
    """Return the head if (owner, epoch, seq) are as expected, else raise LostOwnershipError: the writer must stop."""
    if head is None:
        raise LostOwnershipError(run_key, expected=(owner, epoch, seq), seen=None)
    if head.owner != owner or head.epoch != epoch or head.seq != seq:
        raise LostOwnershipError(
            run_key, expected=(owner, epoch, seq), seen=(head.owner, head.epoch, head.seq)
        )
    return head


def check_epoch(head: RunHead, *, expected: int | None) -> None:
    """Raise LostOwnershipError where the run has another epoch than `expected`; None expects nothing."""
    if expected is not None and head.epoch != expected:
        seen = (head.owner, head.epoch, head.seq)
        raise LostOwnershipError(head.key, expected=(head.owner or "anybody", expected, head.seq), seen=seen)


def require_run(head: RunHead | None, run_id: str) -> RunHead:
    """Return the head, or raise RunNotFoundError."""
    if head is None:
        raise RunNotFoundError(run_id)
    return head


def require_live_run(head: RunHead | None, run_id: str, *, wanted: str) -> RunHead:
    """Return the head of a run that has not ended; RunNotFoundError or ConflictError otherwise."""
    head = require_run(head, run_id)
    if head.status in ENDED:
        raise ConflictError(
            f"Run {run_id} has ended ({head.status}); only a run that has not ended can be {wanted}."
        )
    return head
