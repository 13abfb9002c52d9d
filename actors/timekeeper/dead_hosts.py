"""Freeing what dead hosts own: those whose lock file proves it, and those whose lease has lapsed.

A run whose hosts die of it again and again is quarantined, which is right only where it was alone with its host. A host on
probation is alone; but where its parent died as well, something else ended both (a machine lost its power, somebody killed
all of it), and the run may have `DEATHS_IN_COMPANY` such deaths.
"""

from __future__ import annotations

import structlog

from actors.host.tools import HostTools
from fastgraph.database import hosts
from fastgraph.database.host_lock import HostLock
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.hosts import HostView

__all__ = ["DEATHS_ALONE", "DEATHS_IN_COMPANY", "free_dead_hosts"]

DEATHS_ALONE = 3
DEATHS_IN_COMPANY = 10
PROVED_DEAD = "its process is gone"
LAPSED = "its lease lapsed"

log = structlog.get_logger(__name__)


async def free_dead_hosts(tools: HostTools, locks: HostLock) -> None:
    """Free the runs of all that are dead. What the store can't write now is found again at the next tick."""
    async with tools.store.readers.connect() as connection:
        boots = {boot.boot_id: boot for boot in await hosts.list_hosts(connection, with_ended=False)}
        lapsed = set(await hosts.list_lapsed(connection))
    proved = {boot_id for boot_id in boots if boot_id != tools.boot_id and locks.is_dead(boot_id)}
    for boot in boots.values():
        if boot.boot_id == tools.boot_id or boot.boot_id not in proved | lapsed:
            continue
        is_proved = boot.boot_id in proved
        parent = boots.get(boot.parent or "")
        if boot.parent is None or boot.parent == tools.boot_id:
            was_alone = True
        elif parent is None or parent.boot_id in proved or locks.is_dead(parent.boot_id):
            was_alone = False
        else:
            was_alone = _outlived(parent, boot, is_proved=is_proved, has_lapsed=parent.boot_id in lapsed)
        freed = await tools.writer.write(
            FreeDeadHost(
                boot_id=boot.boot_id,
                reason=PROVED_DEAD if is_proved else LAPSED,
                only_if_lapsed=not is_proved,
                quarantine_deaths=DEATHS_ALONE if was_alone else DEATHS_IN_COMPANY,
                now=tools.clock.now(),
            )
        )
        locks.forget(boot.boot_id)
        log.warning("dead host's runs are free", host=boot.boot_id, runs=len(freed), proved=is_proved)


def _outlived(parent: HostView, child: HostView, *, is_proved: bool, has_lapsed: bool) -> bool:
    """Say whether it is sure that a parent without a proof of its death lived longer than its child. When a child died
    whose lease has lapsed is not known, only that it was before that."""
    return not has_lapsed if is_proved else parent.renewed_at >= child.lease_until
