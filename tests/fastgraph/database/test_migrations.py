"""Migrations: what they make is what the tables say, on both databases, and a newer store is left alone."""

import asyncio
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from fastgraph.database.migrate import find_schema_version, known_revisions, upgrade_store
from fastgraph.database.tables import metadata
from fastgraph.errors import SchemaVersionError
from fastgraph.settings import Settings
from support.stores import open_store, reopen_store


def test_the_migrations_make_the_tables_that_the_program_knows(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url, tmp_path / "data")
    with store.writer.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"target_metadata": metadata, "compare_type": True, "compare_server_default": True},
        )
        differences = compare_metadata(context, metadata)
        assert find_schema_version(connection) == known_revisions()[-1]
        made = set(inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}
        indexes = {
            (table, index["name"]) for table in made for index in inspect(connection).get_indexes(table)
        }
    assert differences == []
    assert made == set(metadata.tables)
    # Autogenerate does not look at partial indexes on SQLite closely enough: their names at least are all there.
    assert {
        (table.name, index.name) for table in metadata.sorted_tables for index in table.indexes
    } <= indexes
    asyncio.run(store.close())


def test_a_newer_store_is_left_alone(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url, tmp_path / "data")
    with store.writer.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaVersionError, match="9999"):
        store.migrate()
    asyncio.run(store.close())


def test_a_migration_that_fails_leaves_the_store_as_it_was(store_url: str, tmp_path: Path) -> None:
    """All tables and the stamp are one transaction: else a kill between two tables would brick the store."""
    store = reopen_store(store_url, tmp_path / "data")
    with store.writer.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE runs (odd INTEGER)")  # in the way of one of the last tables
    with pytest.raises(Exception, match="runs"):
        store.migrate()
    with store.writer.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"runs", "alembic_version"}
        assert find_schema_version(connection) is None
        connection.rollback()
        with connection.begin():
            connection.exec_driver_sql("DROP TABLE runs")
    store.migrate()
    asyncio.run(store.close())


def test_threads_that_migrate_at_once_do_so_once(store_url: str, tmp_path: Path) -> None:
    stores = [reopen_store(store_url, tmp_path / "data") for _ in range(4)]
    faults: list[Exception] = []

    def migrate(store: object) -> None:
        try:
            store.migrate()  # type: ignore[attr-defined] # a Store
        except Exception as error:  # noqa: BLE001 - a thread of the test: it is looked at below
            faults.append(error)

    threads = [threading.Thread(target=migrate, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        asyncio.run(store.close())
    assert faults == []


def test_the_command_line_upgrades_by_settings(store_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=store_url, _env_file=None)
    upgrade_store(settings)
    upgrade_store(settings)
    store = reopen_store(store_url, tmp_path / "data")
    with store.writer.connect() as connection:
        assert find_schema_version(connection) == known_revisions()[-1]
    asyncio.run(store.close())
