"""Giving space back: what a SQLite file holds free after a deletion goes back to the disk, a little at a time.

It needs a file that was made with `auto_vacuum=INCREMENTAL`, as new stores are; for an older one `docs/operations.md` says
what to do. Each step holds the turnstile for as long as a small commit does. PostgreSQL has its autovacuum.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from fastgraph.database.turnstile import Turnstile

__all__ = ["give_back_space"]

PAGES_A_STEP = 256
PAGES_LEFT = 256  # a megabyte that the next runs will want anyway
_INCREMENTAL = 2


def give_back_space(engine: Engine, turnstile: Turnstile, *, most_steps: int = 4_000) -> int:
    """Shorten the file until little is free in it and return by how many pages. Blocks between commits of others; any
    thread, with an engine of its own."""
    given = 0
    for _ in range(most_steps):
        with turnstile.hold("vacuum"), engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                return 0
            with connection.begin():
                [mode] = connection.exec_driver_sql("PRAGMA auto_vacuum").one()
                [free] = connection.exec_driver_sql("PRAGMA freelist_count").one()
                step = min(PAGES_A_STEP, free - PAGES_LEFT)
                if mode != _INCREMENTAL or step <= 0:
                    return given
                # One row without columns a page: it stops where they are not read, and SQLAlchemy reads no such rows.
                driver: Any = connection.connection.driver_connection
                driver.execute(f"PRAGMA incremental_vacuum({step})").fetchall()
        given += step
    return given
