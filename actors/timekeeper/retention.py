"""Retention: removing runs that are over their time, one after the other, behind the commits of the others.

One host does it, the first of those that live; should two think so, a run is removed by whoever comes first and the other
finds nothing. A host that dies in the middle leaves a run with fewer events, and the next one goes on.
"""

from __future__ import annotations

import asyncio

import structlog

from actors.host.tools import HostTools
from fastgraph.database.expiry import ExpireRun, list_expired
from fastgraph.database.hosts import list_hosts
from fastgraph.retention import Retention

__all__ = ["RETENTION_SECONDS", "remove_expired"]

RETENTION_SECONDS = 60.0
RUNS_A_PAGE = 200

log = structlog.get_logger(__name__)


async def remove_expired(tools: HostTools, retention: Retention) -> int:
    """Remove all runs that are due and give their space back; return how many. Raises what reading and writing raise:
    what is left is due at the next time, too."""
    if retention.is_off or not await _is_first(tools):
        return 0
    now, place, removed = tools.clock.now(), (-1, -1), 0
    while True:
        async with tools.store.readers.connect() as connection:
            page = await list_expired(connection, retention, now=now, after=place, limit=RUNS_A_PAGE)
        for run in page:
            operation = ExpireRun(run_id=run.run_id, finished_before=run.finished_before)
            while not await tools.writer.write(operation):
                pass
            removed += 1
        if len(page) < RUNS_A_PAGE:
            break
        place = page[-1].place
    if removed:
        pages = await asyncio.to_thread(tools.store.give_back_space)
        log.info("runs were over their time and are removed", runs=removed, pages=pages)
    return removed


async def _is_first(tools: HostTools) -> bool:
    async with tools.store.readers.connect() as connection:
        boots = await list_hosts(connection, with_ended=False)
    return tools.boot_id == min((boot.boot_id for boot in boots if boot.is_alive), default=tools.boot_id)
