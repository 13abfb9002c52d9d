"""Which version of the schema a store is of, and which ones this program knows.

Asked at every start of every process, so it asks the store by itself: Alembic, with its templates, costs an eighth of a
host's start and is needed once in the life of a version.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

__all__ = ["MIGRATIONS", "find_schema_version", "known_revisions"]

MIGRATIONS = Path(__file__).parent / "migrations"
_STAMP = "alembic_version"


def find_schema_version(connection: Connection) -> str | None:
    """Return the version stamped in the store, or None for an empty one."""
    if not inspect(connection).has_table(_STAMP):
        return None
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {_STAMP}").scalar()  # noqa: S608 - our table
    return version


def known_revisions() -> list[str]:
    """Return the versions that this program knows, oldest first. Their files are named after them."""
    return sorted(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
