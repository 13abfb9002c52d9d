"""Bringing a saver's file up to date, by Alembic; a file that is up to date costs one look.

Any number of processes may do so at once: the migration is one transaction that begins by taking the file's lock, and
whoever comes second finds it done.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["VERSION", "find_version", "upgrade"]

VERSION = "saver_0001"
_FOLDER = Path(__file__).parent / "migrations"
_FIND = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'saver_version'"


def find_version(connection: sqlite3.Connection) -> str | None:
    """Return the version of the saver's tables, None where there are none."""
    if connection.execute(_FIND).fetchone() is None:
        return None
    row = connection.execute("SELECT version_num FROM saver_version").fetchone()
    return str(row[0]) if row else None


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables to the newest version. Raises SchemaVersionError where they are of one unknown here."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    from fastgraph.errors import SchemaVersionError

    connection.execute("BEGIN IMMEDIATE")
    seen = find_version(connection)
    if seen not in (None, VERSION):
        connection.rollback()
        raise SchemaVersionError(seen=str(seen), known=VERSION)
    # the engine is never disposed of: the connection is not its own to close
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with engine.connect() as bound:
        config.attributes["connection"] = bound
        command.upgrade(config, "head")
        bound.commit()
