"""Reading the store for a run, and keeping files there: a store that can't be read at the moment is asked again, for ever,
and so is a disk that takes no more.

An outage is nobody's fault: no run fails of it, and no actor dies of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.faults import Fault, classify
from fastgraph.database.store import Store
from fastgraph.errors import DiskFullError, StoreUnavailableError

__all__ = ["RETRY_SECONDS", "is_passing", "keep_patiently", "read_patiently"]

RETRY_SECONDS = 1.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def read_patiently(store: Store, read: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Return what `read` answers; where the database is away or all connections are taken, try again each second.

    Raises what can't pass by itself.
    """
    while True:
        try:
            async with store.readers.connect() as connection:
                return await read(connection)
        except SQLAlchemyError as error:
            if not is_passing(error):
                raise
            log.warning("store can't be read, trying again", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)


async def keep_patiently(keep: Callable[[], T]) -> T:
    """Return what `keep` answers, which writes files and is called in a thread; while the disk is full, try again each
    second. The threads are free meanwhile."""
    while True:
        try:
            return await asyncio.to_thread(keep)
        except DiskFullError as error:
            log.warning("run is held until the disk has room", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)


def is_passing(error: BaseException | None) -> bool:
    """Say whether an error is the store's trouble, or its disk's, and passes by itself: whoever met it has done nothing
    wrong."""
    if isinstance(error, PoolTimeoutError | StoreUnavailableError):
        return True
    if isinstance(error, SQLAlchemyError | OSError):
        return classify(error) is not Fault.LASTING
    return False
