"""Ending runs whose cancel nobody obeys: the owner died before it could, or does not answer within its grace.

Hosts and api processes both look, so that a cancel works also where no host is left. Each end is guarded by the epoch that
was seen: a run that somebody has just claimed is left to him, who reads the same cancel.
"""

from __future__ import annotations

from typing import Protocol

from fastgraph.clock import Clock
from fastgraph.database.cancels import list_unheeded_cancels
from fastgraph.database.records import Committed, TerminateRun
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError, IllegalTransitionError, LostOwnershipError, NotFoundError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["OWNER_SECONDS", "end_cancelled"]

OWNER_SECONDS = 5.0  # beyond the grace of its tasks


class _Writes(Protocol):
    async def write(self, operation: TerminateRun) -> Committed: ...


async def end_cancelled(store: Store, writer: _Writes, *, clock: Clock, grace_seconds: float) -> None:
    """End what was to be cancelled. What the store can't write now is found again at the next look."""
    async with store.readers.connect() as connection:
        unheeded = await list_unheeded_cancels(
            connection, now=clock.now(), owner_grace_seconds=grace_seconds + OWNER_SECONDS
        )
    for cancel in unheeded:
        operation = TerminateRun(
            run_id=cancel.run_id,
            status=RunStatus.CANCELLED,
            kind=EventKind.CANCELLED,
            data=cancel.body,
            error=None,
            now=clock.now(),
            expected_epoch=cancel.epoch,
        )
        try:
            await writer.write(operation)
        except (ConflictError, IllegalTransitionError, LostOwnershipError, NotFoundError):
            continue  # it has ended meanwhile, or has a new owner
