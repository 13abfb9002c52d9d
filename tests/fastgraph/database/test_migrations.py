"""Migrations: what they make is what the tables say, on both databases, and a newer store is left alone."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, inspect

from fastgraph.database.migrate import alembic_config, upgrade_store
from fastgraph.database.runs import find_run
from fastgraph.database.schema_version import find_schema_version, known_revisions
from fastgraph.database.tables import metadata
from fastgraph.database.times import to_micros
from fastgraph.errors import SchemaVersionError, StoreError
from fastgraph.settings import Settings
from support.stores import NOW, accept, boot, claim, find_faults, open_store, reopen_store

pytestmark = pytest.mark.anyio


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
        migrated = index_definitions(connection)
    assert differences == []
    assert made == set(metadata.tables)
    # Autogenerate does not look at the columns of indexes and at their predicates closely enough.
    assert migrated == index_definitions_of_metadata(store.writer.connect())
    asyncio.run(store.close())


def index_definitions(connection: Connection, *, schema: str = "public") -> set[str]:
    """All indexes with their columns and predicates, as the database words them."""
    if connection.dialect.name == "sqlite":
        found = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        found = (
            f"SELECT replace(indexdef, '{schema}.', '') FROM pg_indexes WHERE schemaname = '{schema}' "
            "AND tablename <> 'alembic_version'"
        )
    return {re.sub(r"\s+", " ", row[0].replace('"', "")) for row in connection.exec_driver_sql(found)}


def index_definitions_of_metadata(connection: Connection) -> set[str]:
    """What they are where the tables are made without migrations."""
    with connection:
        if connection.dialect.name == "sqlite":
            with create_engine("sqlite://").connect() as made:
                metadata.create_all(made)
                return index_definitions(made)
        connection.exec_driver_sql("CREATE SCHEMA made")
        metadata.create_all(connection.execution_options(schema_translate_map={None: "made"}))
        return index_definitions(connection, schema="made")


async def test_a_store_of_the_version_before_keeps_its_runs_and_their_order(
    store_url: str, tmp_path: Path
) -> None:
    store = reopen_store(store_url, tmp_path / "data")
    with store.writer.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        old = MetaData()
        old.reflect(connection)
        for key, age in ((11, 1), (12, 3), (13, 2)):  # not in the order in which they came
            at = to_micros(NOW - timedelta(hours=age))
            thread = {"key": key, "thread_id": f"thread-{key}", "created_at": at}
            connection.execute(old.tables["threads"].insert().values(thread))
            run = {
                "key": key,
                "run_id": f"run-{key}",
                "thread_key": key,
                "workflow": "chain",
                "status": "queued",
            }
            connection.execute(old.tables["runs"].insert().values(**run, seq=1))
            body = {"run_key": key, "name": "old", "payload": b"{}", "tags": b"[]", "created_at": at}
            connection.execute(old.tables["run_bodies"].insert().values(body))
            event = {"run_key": key, "seq": 1, "kind": 1, "at": at}
            connection.execute(old.tables["events"].insert().values(event))
    store.migrate()
    new = accept(store).run_id
    claimed = claim(store, boot(store))
    assert [run.run_id for run in claimed] == ["run-12", "run-13", "run-11", new]
    async with store.readers.connect() as reader:
        run_before = await find_run(reader, run_id="run-11")
    assert run_before is not None
    assert (run_before.name, run_before.priority, run_before.kept_at) == ("old", 0, None)
    assert await find_faults(store) == []
    await store.close()


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


def test_the_versions_that_are_known_are_those_of_the_migrations() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert known_revisions() == [revision.revision for revision in script.walk_revisions()][::-1]


def test_a_store_that_is_up_to_date_costs_no_start_the_import_of_alembic(tmp_path: Path) -> None:
    asyncio.run(open_store(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path).close())
    program = (
        "import sys; from fastgraph.database.store import Store; from fastgraph.settings import Settings; "
        "store = Store.open(Settings.read()); store.migrate(); print('alembic' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "FASTGRAPH_DATA_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("False\n", "")


def test_a_module_of_that_name_that_hides_alembic_is_told_of_and_nothing_is_upgraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StoreError, match="Run `fastgraph db upgrade`"):
        upgrade_store(settings)
    with create_engine(settings.url).connect() as connection:
        assert find_schema_version(connection) is None
