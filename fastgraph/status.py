"""The statuses of a run and the one table of what may follow what.

Code, the SQL guard, the diagram in the documentation and the tests all read `TRANSITIONS`; a status that is in no row's
right side can't be reached, and an illegal step raises and changes nothing.
"""

from __future__ import annotations

from enum import StrEnum

from fastgraph.errors import IllegalTransitionError

__all__ = ["ENDED", "TRANSITIONS", "WAITING", "RunStatus", "check_transition"]


class RunStatus(StrEnum):
    """Where a run is; the words are those of the API."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    SLEEPING = "sleeping"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.QUARANTINED})
WAITING = frozenset({RunStatus.INTERRUPTED, RunStatus.SLEEPING, RunStatus.WAITING, RunStatus.PAUSED})

_STOPPED = frozenset({RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.QUARANTINED})

TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.PAUSED}) | _STOPPED,
    RunStatus.RUNNING: frozenset({RunStatus.COMPLETED}) | WAITING | _STOPPED,
    RunStatus.INTERRUPTED: frozenset({RunStatus.RUNNING, RunStatus.PAUSED}) | _STOPPED,
    RunStatus.SLEEPING: frozenset({RunStatus.RUNNING, RunStatus.PAUSED}) | _STOPPED,
    RunStatus.WAITING: frozenset({RunStatus.RUNNING, RunStatus.PAUSED}) | _STOPPED,
    RunStatus.PAUSED: frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
    | (WAITING - {RunStatus.PAUSED})
    | _STOPPED,
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
    RunStatus.QUARANTINED: frozenset(),
}


def check_transition(run: str, seen: RunStatus, wanted: RunStatus) -> None:
    """Raise IllegalTransitionError unless `wanted` is `seen` or may follow it."""
    if wanted is not seen and wanted not in TRANSITIONS[seen]:
        raise IllegalTransitionError(run, seen, wanted)
