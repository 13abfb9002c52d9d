"""Ending runs that are past their deadline and have no owner who would do it: queued ones, sleeping ones, waiting ones.

A run with a living owner is ended by that, with the grace that its tasks are given; only one whose owner is long past it is
ended here, too. Each end is guarded by the epoch that was seen, so a run that somebody has just claimed is left to him.
"""

from __future__ import annotations

import orjson

from actors.host.tools import HostTools
from fastgraph.database.deadlines import OverdueRun, list_overdue
from fastgraph.database.records import TerminateRun
from fastgraph.errors import ConflictError, LostOwnershipError, NotFoundError, RunTimeoutError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["end_overdue"]

OWNER_SECONDS = 5.0  # beyond the grace of its tasks


async def end_overdue(tools: HostTools) -> None:
    """End what is overdue. What the store can't write now is found again at the next tick."""
    grace = tools.settings.cancel_grace_seconds + OWNER_SECONDS
    async with tools.store.readers.connect() as connection:
        overdue = await list_overdue(connection, now=tools.clock.now(), owner_grace_seconds=grace)
    for run in overdue:
        try:
            await tools.writer.write(_timed_out(tools, run))
        except (ConflictError, LostOwnershipError, NotFoundError):
            continue  # it has ended meanwhile, or has a new owner


def _timed_out(tools: HostTools, run: OverdueRun) -> TerminateRun:
    seconds = (run.deadline_at - run.created_at).total_seconds()
    error = {
        "type": RunTimeoutError.__name__,
        "message": str(RunTimeoutError(seconds)),
        "node": None,
        "attempt": None,
        "traceback": "",
    }
    return TerminateRun(
        run_id=run.run_id,
        status=RunStatus.FAILED,
        kind=EventKind.FAILED,
        data=orjson.dumps({"error": error}),
        error=orjson.dumps(error),
        now=tools.clock.now(),
        expected_epoch=run.epoch,
    )
