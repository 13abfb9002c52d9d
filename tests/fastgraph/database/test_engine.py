"""The engines: how each connection is set, and that a reader of SQLite can't write."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fastgraph.database.engine import parse_url
from fastgraph.database.store import Store
from fastgraph.errors import SettingsError
from support.stores import accept, open_store

pytestmark = pytest.mark.anyio


async def test_sqlite_is_durable_and_readers_can_not_write(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fastgraph.db"
    store = open_store(f"sqlite:///{path}", path.parent)
    with store.writer.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "page_size", "wal_autocheckpoint")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "page_size": 4096,
        "wal_autocheckpoint": 1000,
    }
    async with store.readers.connect() as connection:
        with pytest.raises(DBAPIError, match="readonly"):
            await connection.execute(text("DELETE FROM runs"))
    await store.close()


async def test_sqlite_can_be_asked_to_be_less_durable(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fastgraph.db"
    store = open_store(f"sqlite:///{path}", path.parent, sqlite_synchronous="NORMAL")
    with store.writer.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 1
    await store.close()


async def test_postgresql_waits_for_nobody_for_long(postgres_database: str, tmp_path: Path) -> None:
    store = open_store(postgres_database, tmp_path / "data")
    with store.writer.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in (
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "timezone",
                "transaction_isolation",
            )
        ]
    assert settings == ["2s", "10s", "UTC", "read committed"]
    async with store.readers.connect() as connection:
        await connection.execute(text("SELECT 1"))
        idle = text("SELECT state FROM pg_stat_activity WHERE state LIKE 'idle in%'")
        assert (await connection.execute(idle)).all() == []
    await store.close()


async def test_a_reader_holds_no_snapshot_while_it_waits(tmp_path: Path) -> None:
    """The write-ahead log could else not be checkpointed and would grow without end."""
    path = tmp_path / "data" / "fastgraph.db"
    store = open_store(f"sqlite:///{path}", path.parent)
    async with store.readers.connect() as connection:
        await connection.execute(text("SELECT count(*) FROM runs"))
        await asyncio.to_thread(_write, store)
        outside = sqlite3.connect(path)
        busy, log, moved = outside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        outside.close()
    assert (busy, log, moved) == (0, 0, 0)
    await store.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "postgresql+asyncpg://h/d"]
)
def test_a_store_of_another_kind_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError):
        parse_url(url)


def test_the_driver_may_be_left_out() -> None:
    assert parse_url("postgresql://u@h/d").drivername == "postgresql+psycopg"
    assert parse_url("sqlite:///a/b.db").database == "a/b.db"


def _write(store: Store) -> None:

    accept(store)
