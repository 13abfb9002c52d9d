"""Reading the store for a run: a store that can't be read at the moment is asked again, for ever.

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

__all__ = ["RETRY_SECONDS", "read_patiently"]

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
            if not isinstance(error, PoolTimeoutError) and classify(error) is Fault.LASTING:
                raise
            log.warning("store can't be read, trying again", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
