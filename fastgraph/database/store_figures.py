"""What health shows of a store that its rows do not say: the size of SQLite's log, connections that are taken."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.pool import QueuePool

from fastgraph.database.store import Store

__all__ = ["readers_in_use", "wal_bytes"]


def wal_bytes(store: Store) -> int | None:
    """Return the size of SQLite's write-ahead log, 0 where there is none now; None with PostgreSQL. Blocks for a look
    at one file."""
    if store.readers.dialect.name != "sqlite" or store.readers.url.database is None:
        return None
    try:
        return Path(f"{store.readers.url.database}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def readers_in_use(store: Store) -> int | None:
    """Return how many of the readers' connections are taken; None where the pool does not count."""
    pool = store.readers.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else None
