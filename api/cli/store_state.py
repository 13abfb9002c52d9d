"""How the store of these settings stands: reachable, and of which schema. Only reads, and makes no file.

Used by `doctor` and `db check`; the upgrade itself is `fastgraph.database.migrate`'s.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from fastgraph.database.engine import is_sqlite, parse_url, sqlite_path
from fastgraph.errors import SettingsError
from fastgraph.settings import Settings

__all__ = ["StoreState", "look_at_store"]

CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """What was seen; `is_current` where nothing is to be done, `is_fault` where a server could not start on it."""

    seen: str
    is_current: bool
    is_fault: bool
    remedy: str = ""


def look_at_store(settings: Settings) -> StoreState:
    """Open the store and compare its schema with the program's. Never raises."""
    from fastgraph.database.schema_version import find_schema_version

    try:
        url = parse_url(settings.url)
        name = url.render_as_string(hide_password=True)
        if is_sqlite(url) and not sqlite_path(url).exists():
            return StoreState(
                seen=f"{name} is not made yet",
                is_current=False,
                is_fault=False,
                remedy="The first start makes it.",
            )
        with _open_reading(url) as connection:
            return _compare(name, find_schema_version(connection))
    except (SQLAlchemyError, SettingsError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return StoreState(
            seen=f"can't be opened: {reason}",
            is_current=False,
            is_fault=True,
            remedy="Check FASTGRAPH_DATABASE_URL, and that the database server runs.",
        )


def _compare(name: str, seen: str | None) -> StoreState:
    from fastgraph.database.schema_version import known_revisions

    known = known_revisions()
    newest = known[-1]
    if seen == newest:
        return StoreState(seen=f"{name} has schema {seen}, the newest", is_current=True, is_fault=False)
    if seen is None or seen in known:
        what = "no schema yet" if seen is None else f"schema {seen}, this program has {newest}"
        remedy = "The next start upgrades it, or do it now: fastgraph db upgrade"
        return StoreState(seen=f"{name} has {what}", is_current=False, is_fault=False, remedy=remedy)
    return StoreState(
        seen=f"{name} has schema {seen}, which this program does not know (it knows up to {newest})",
        is_current=False,
        is_fault=True,
        remedy="Start the newer program, or restore an older backup.",
    )


def _open_reading(url: URL) -> Connection:
    if not is_sqlite(url):
        return create_engine(
            url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
        ).connect()
    address = f"{Path(sqlite_path(url)).resolve().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=CONNECT_SECONDS)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool).connect()
