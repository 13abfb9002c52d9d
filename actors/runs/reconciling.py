"""Runs that the store gives to this boot and that nobody here has: claimed by a commit whose answer was lost, or given up by
one that was not written after all. Nobody else would ever take them, for their owner lives.

The supervisor looks now and then, for ever. What is seen twice with the same epoch is stranded: a claim that is under way is
older by then. Only reads; a store that can't be read is looked at the next time.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fastgraph.clock import Clock
from fastgraph.database.owned import OwnedRun, list_owned
from fastgraph.database.store import Store

__all__ = ["LOOK_SECONDS", "Reconciler"]

LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Reconciler:
    """Belongs to the supervisor of one boot, and its loop."""

    def __init__(self, store: Store, *, boot_id: str, clock: Clock) -> None:
        self._store = store
        self._boot_id = boot_id
        self._clock = clock
        self._looked_at = clock.monotonic()
        self._suspects: set[OwnedRun] = set()
        self._gone: set[str] = set()
        self.lost: set[str] = set()
        """What was known here at this look and the one before and is not this boot's: somebody has ended or taken it."""

    async def find_stranded(self, known: Collection[str]) -> list[OwnedRun]:
        """Return the runs that are this boot's by the store's account, are not among `known` run ids, and were not the
        last time either. Empty where it is not yet time to look, and where the store can't be read."""
        now, self.lost = self._clock.monotonic(), set()
        if now - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = now
        try:
            async with self._store.readers.connect() as connection:
                owned = await list_owned(connection, owner=self._boot_id)
        except SQLAlchemyError as error:
            log.warning("store can't be read, trying again", error=str(error))
            return []
        gone = set(known) - {run.run_id for run in owned}
        self.lost, self._gone = gone & self._gone, gone
        unknown = {run for run in owned if run.run_id not in known}
        stranded, self._suspects = unknown & self._suspects, unknown
        return sorted(stranded, key=lambda run: run.key)
