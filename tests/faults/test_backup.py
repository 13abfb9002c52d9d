"""Backups: of a store that is being written, restored as it was; and everything that is no whole backup, refused."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import pytest

from fastgraph.database.backup.checking import find_faults
from fastgraph.database.backup.errors import BackupError, DamagedBackupError, TargetError
from fastgraph.database.backup.making import make_backup
from fastgraph.database.backup.manifest import MANIFEST
from fastgraph.database.backup.restoring import restore_backup
from fastgraph.database.host_lock import HostLock
from fastgraph.database.records import ArtifactRow, StoreUpload
from fastgraph.database.store import Store
from fastgraph.errors import SchemaVersionError
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.postgres import USER, PostgresServer
from support.programs import ProgramStarter
from support.stores import NOW, accept, open_store, write
from support.waiting import until

LEAST_UPLOADS = 30
BACKUPS = 3


def settings_of(folder: Path, url: str | None = None) -> Settings:
    return Settings(data_dir=folder, database_url=url, _env_file=None)


def upload(store: Store) -> None:
    """Store an artifact of 20 KB that nobody else has: its file, and then its row."""
    blob = store.blobs.put(os.urandom(20_000))
    row = ArtifactRow(
        artifact_id=new_id(), name="a.bin", media_type="x/y", size=blob.size, sha256=blob.sha256, node=None
    )
    write(store, StoreUpload(artifact=row, now=NOW))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A data folder with a store of some runs and artifacts, and nobody in it."""
    folder = tmp_path / "data"
    store = open_store(f"sqlite:///{folder / 'fastgraph.db'}", folder)
    for _ in range(5):
        accept(store)
        upload(store)
    _close(store)
    return folder


def _close(store: Store) -> None:
    asyncio.run(store.close())


def rows_of(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(count)


def test_a_store_that_is_being_written_is_backed_up_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = open_store(f"sqlite:///{folder / 'fastgraph.db'}", folder)
    uploads, is_over = [0], threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            upload(store)
            uploads[0] += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for number in range(BACKUPS):
            until(partial(_has, uploads, (number + 1) * LEAST_UPLOADS), what="uploads")
            before = uploads[0]
            copy = tmp_path / f"copy-{number}"
            manifest = make_backup(settings_of(folder), copy)
            restored = settings_of(tmp_path / f"restored-{number}")
            restore_backup(restored, copy)
            assert find_faults(restored) == []
            kept = rows_of(restored.data_dir / "fastgraph.db", "artifacts")
            assert before <= kept <= len(manifest.files) - 1
        assert uploads[0] > BACKUPS * LEAST_UPLOADS, "nothing was written during the backups"
    finally:
        is_over.set()
        writer.join()
        _close(store)


def _has(uploads: list[int], wanted: int) -> bool:
    return uploads[0] >= wanted


def without_manifest(copy: Path) -> None:
    (copy / MANIFEST).unlink()


def with_half_a_database(copy: Path) -> None:
    os.truncate(copy / "fastgraph.db", 40_000)


def with_a_changed_page(copy: Path) -> None:
    with (copy / "fastgraph.db").open("r+b") as file:
        file.seek(20_000)
        file.write(b"!")


def with_a_file_less(copy: Path) -> None:
    next((copy / "artifacts").glob("??/*")).unlink()


def with_a_changed_file(copy: Path) -> None:
    path = next((copy / "artifacts").glob("??/*"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def with_a_log_beside_it(copy: Path) -> None:
    (copy / "fastgraph.db-wal").write_bytes(b"")


def with_a_path_that_leads_out(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy.parent / "outside").write_bytes(b"x")
    manifest["files"]["../outside"] = {
        "size": 1,
        "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    }
    (copy / MANIFEST).write_bytes(orjson.dumps(manifest))


DAMAGES: tuple[Callable[[Path], None], ...] = (
    without_manifest,
    with_half_a_database,
    with_a_changed_page,
    with_a_file_less,
    with_a_changed_file,
    with_a_log_beside_it,
    with_a_path_that_leads_out,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_copy_that_is_torn_or_changed_is_refused(
    filled: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy, target = tmp_path / "copy", tmp_path / "target"
    make_backup(settings_of(filled), copy)
    damage(copy)
    with pytest.raises(DamagedBackupError, match="Nothing was restored"):
        restore_backup(settings_of(target), copy)
    assert not target.exists()


def test_a_plain_copy_of_a_data_folder_without_its_log_is_refused(filled: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "fastgraph.db").write_bytes((filled / "fastgraph.db").read_bytes())
    with pytest.raises(DamagedBackupError, match="no manifest"):
        restore_backup(settings_of(tmp_path / "target"), torn)


def test_a_copy_of_a_newer_program_is_refused(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    make_backup(settings_of(filled), copy)
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_bytes(orjson.dumps({**manifest, "schema_version": "9999"}))
    with pytest.raises(SchemaVersionError, match="newer program"):
        restore_backup(settings_of(tmp_path / "target"), copy)


def test_a_place_that_is_taken_is_left_alone(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    make_backup(settings_of(filled), copy)
    before = (filled / "fastgraph.db").read_bytes()
    with pytest.raises(TargetError, match="There is a store already"):
        restore_backup(settings_of(filled), copy)
    with pytest.raises(TargetError, match="not empty"):
        make_backup(settings_of(filled), copy)
    assert (filled / "fastgraph.db").read_bytes() == before


def test_a_store_in_use_is_left_alone(filled: Path, tmp_path: Path) -> None:
    copy, target = tmp_path / "copy", tmp_path / "target"
    make_backup(settings_of(filled), copy)
    lock = HostLock(target)
    lock.hold("a-living-host")
    try:
        with pytest.raises(TargetError, match="is in use"):
            restore_backup(settings_of(target), copy)
    finally:
        lock.release("a-living-host")


def test_a_backup_of_nothing_and_of_a_damaged_store_is_refused(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is no store"):
        make_backup(settings_of(tmp_path / "nowhere"), tmp_path / "copy-1")
    path = next((filled / "artifacts").glob("??/*"))
    content = path.read_bytes()
    path.write_bytes(b"rubbish")
    with pytest.raises(BackupError, match="is damaged"):
        make_backup(settings_of(filled), tmp_path / "copy-2")
    path.unlink()
    with pytest.raises(BackupError, match="not in the data folder"):
        make_backup(settings_of(filled), tmp_path / "copy-3")
    path.write_bytes(content)
    make_backup(settings_of(filled), tmp_path / "copy-4")


def test_a_check_finds_what_is_wrong(filled: Path) -> None:
    settings = settings_of(filled)
    assert find_faults(settings) == []
    changed, lost = sorted((filled / "artifacts").glob("??/*"))[:2]
    changed.write_bytes(b"other bytes")
    lost.unlink()
    connection = sqlite3.connect(filled / "fastgraph.db")
    connection.execute("UPDATE runs SET seq = seq + 1 WHERE key = 1")
    connection.commit()
    connection.close()
    faults = find_faults(settings)
    assert len(faults) == 3, faults
    assert any(changed.name in fault and "changed" in fault for fault in faults)
    assert any(lost.name in fault and "not there" in fault for fault in faults)
    assert any("events" in fault for fault in faults)
    assert len(find_faults(settings, with_content=False)) == 2


@pytest.mark.postgres
def test_a_backup_of_postgresql_is_restored(postgres_server: PostgresServer, tmp_path: Path) -> None:
    names = [postgres_server.create_database() for _ in range(2)]
    try:
        # As options is how a socket's folder or a certificate is named.
        place = f"postgresql+psycopg://{USER}@/{names[0]}?host=127.0.0.1&port={postgres_server.port}"
        first = settings_of(tmp_path / "first", place)
        second = settings_of(tmp_path / "second", postgres_server.url(names[1]))
        store = open_store(first.url, first.data_dir)
        for _ in range(5):
            accept(store)
            upload(store)
        copy = tmp_path / "copy"
        make_backup(first, copy)
        _close(store)
        restore_backup(second, copy)
        assert find_faults(second) == []
        with postgres_server.connect(names[1]) as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (5,)
        with pytest.raises(TargetError, match="There is a store already"):
            restore_backup(second, copy)
    finally:
        for name in names:
            postgres_server.drop_database(name)


@pytest.fixture
def newer(filled: Path) -> Path:
    """A store that a newer program has written."""
    connection = sqlite3.connect(filled / "fastgraph.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    return filled


@pytest.mark.slow
@pytest.mark.parametrize("program", ["serve", "api", "host"])
def test_a_program_that_is_older_than_the_store_does_not_start_and_says_what_to_do(
    newer: Path, start_program: ProgramStarter, program: str
) -> None:
    arguments = [] if program == "host" else ["--port", "0"]
    environment = {"FASTGRAPH_DATA_DIR": str(newer)}
    started = start_program("-m", "api.cli.main", program, *arguments, environment=environment)
    assert started.wait_for_exit(within_seconds=60) != 0
    assert "9999" in started.output
    assert "Start the newer program, or restore an older backup" in started.output
    assert "Traceback" not in started.output
