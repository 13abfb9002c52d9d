"""Bringing the schema of a store up to date, by Alembic, at every start.

Any number of processes may do so at once: SQLite's are queued by the turnstile, PostgreSQL's by an advisory lock. The
first one migrates and the others find it done. A store that a newer program has written is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from fastgraph import fault_points
from fastgraph.database.answer_limit import without_limit
from fastgraph.database.engine import create_writer_engine, parse_url
from fastgraph.database.schema_version import MIGRATIONS, find_schema_version, known_revisions
from fastgraph.database.turnstile import Turnstile, make_turnstile
from fastgraph.errors import SchemaVersionError, StoreError
from fastgraph.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["alembic_config", "migrate", "upgrade_store"]

MIGRATION_LOCK = 0x46475F4D494752  # "FG_MIGR"


def migrate(engine: Engine, turnstile: Turnstile) -> None:
    """Bring the schema to the newest version. Raises SchemaVersionError where it is of a version unknown here."""
    with turnstile.hold("migration"):
        _migrate(engine)
        fault_points.committed()


def _migrate(engine: Engine) -> None:
    # The first process may take longer than ordinary writers are given.
    with engine.connect() as connection, without_limit(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        seen, known = find_schema_version(connection), known_revisions()
        if seen == known[-1]:
            return
        if seen is not None and seen not in known:
            raise SchemaVersionError(seen=seen, known=known[-1])
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    try:
        from alembic import command
    except ImportError as error:  # in a host, a user's own `alembic.py` may be found first
        raise StoreError(
            f"The store is to be upgraded, and Alembic can't be loaded here ({error}). "
            "Run `fastgraph db upgrade`, and start again."
        ) from error
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade_store(settings: Settings) -> None:
    """Bring the store that the settings name up to date; for the command line. Raises as `migrate` does."""
    url = parse_url(settings.url)
    engine = create_writer_engine(url, synchronous=settings.sqlite_synchronous)
    turnstile = make_turnstile(url)
    try:
        migrate(engine, turnstile)
    finally:
        engine.dispose()
        turnstile.close()


def alembic_config() -> Config:
    """Return Alembic's configuration for our migrations; a connection belongs among its attributes."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
