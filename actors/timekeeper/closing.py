"""Ending children whose parents have ended, as their close policy says; down any depth, tick by tick."""

from __future__ import annotations

import orjson

from actors.host.tools import HostTools
from fastgraph.database.children import BoundChild, list_bound
from fastgraph.database.records import SendCommand, TerminateRun
from fastgraph.errors import ConflictError, LostOwnershipError, NotFoundError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["close_children"]


async def close_children(tools: HostTools) -> None:
    """End what may not outlive its parent. What the store can't write now is found again at the next tick."""
    async with tools.store.readers.connect() as connection:
        bound = await list_bound(connection)
    for child in bound:
        try:
            await tools.writer.write(_order(tools, child))
        except (ConflictError, LostOwnershipError, NotFoundError):
            continue  # it has ended meanwhile, or has a new owner


def _order(tools: HostTools, child: BoundChild) -> SendCommand | TerminateRun:
    reason = f"Its parent run {child.parent_run_id or ''} has ended.".replace("  ", " ")
    if child.policy == "cancel":
        body = orjson.dumps({"reason": reason})
        return SendCommand(run_id=child.run_id, kind="cancel", body=body, now=tools.clock.now())
    error = {"type": "Terminated", "message": reason, "node": None, "attempt": None, "traceback": ""}
    return TerminateRun(
        run_id=child.run_id,
        status=RunStatus.CANCELLED,
        kind=EventKind.CANCELLED,
        data=orjson.dumps({"reason": reason}),
        error=orjson.dumps(error),
        now=tools.clock.now(),
        expected_epoch=child.epoch,
    )
