"""What health shows of a store that its rows do not say: the size of SQLite's log, connections that are taken."""

from __future__ import annotations

from sqlalchemy.pool import QueuePool

from fastgraph.database.engine import is_sqlite, sqlite_path
from fastgraph.database.store import Store

__all__ = ["readers_in_use", "wal_bytes"]


def wal_bytes(store: Store) -> int | None:
    """Return the size of SQLite's write-ahead log, 0 where there is none now; None with PostgreSQL. Blocks for a look
    at one file."""
    url = store.writer.url
    if not is_sqlite(url):
        return None
    path = sqlite_path(url)
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def readers_in_use(store: Store) -> int | None:
    """Return how many of the readers' connections are taken; None where the pool does not count."""
    pool = store.readers.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else None
