"""A backup of a store that is in use: the database by its own means, then every file that a row of the copy names.

SQLite is copied in one read transaction (its backup API): no writer waits. The files are gone through twice, before the
database and after it: what the copy names was there when it was made, so either look finds it, whatever is swept meanwhile.
The manifest comes last; a backup that was cut off has none, and is refused by restore.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from fastgraph.clock import SystemClock, to_rfc3339
from fastgraph.database.backup.checking import files_named_in, missing_files
from fastgraph.database.backup.errors import BackupError, TargetError, UnreadableDatabaseError
from fastgraph.database.backup.manifest import FILE_FOLDERS, FileEntry, Manifest, hash_file, write_manifest
from fastgraph.database.backup.postgres_programs import dump_database
from fastgraph.database.engine import is_sqlite, parse_url, sqlite_path
from fastgraph.database.schema_version import find_schema_version, known_revisions
from fastgraph.errors import SchemaVersionError
from fastgraph.settings import Settings
from fastgraph.version import __version__

__all__ = ["make_backup"]

SQLITE_COPY = "fastgraph.db"
POSTGRES_COPY = "fastgraph.dump"
BUSY_SECONDS = 30.0


def make_backup(settings: Settings, folder: Path) -> Manifest:
    """Copy the store of these settings into a new or empty folder and return the manifest. Blocks for as long as that takes.

    Raises TargetError where something is in the folder, SchemaVersionError where the store is newer than this program, and
    BackupError; what was written until then stays, without a manifest.
    """
    url = parse_url(settings.url)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TargetError(f"{folder} is not empty. Name a new folder for the backup.")
    if is_sqlite(url) and not sqlite_path(url).exists():
        raise BackupError(
            f"There is no store at {sqlite_path(url)}. Check --data-dir or FASTGRAPH_DATABASE_URL."
        )
    version = _schema_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    files = _copy_files(settings.data_dir, folder, {})
    name = SQLITE_COPY if is_sqlite(url) else POSTGRES_COPY
    if is_sqlite(url):
        try:
            _copy_sqlite(sqlite_path(url), folder / name)
        except sqlite3.Error as error:
            raise UnreadableDatabaseError(sqlite_path(url), str(error)) from error
    else:
        dump_database(url, folder / name)
    _sync(folder / name)
    files = _copy_files(settings.data_dir, folder, files)
    if is_sqlite(url):
        _ensure_whole(folder / name, folder)
    manifest = Manifest(
        format=1,
        kind="sqlite" if is_sqlite(url) else "postgresql",
        program=__version__,
        schema_version=version,
        made_at=to_rfc3339(SystemClock().now()),
        database=SQLITE_COPY if is_sqlite(url) else POSTGRES_COPY,
        files={name: hash_file(folder / name), **files},
    )
    write_manifest(folder, manifest)
    return manifest


def _schema_of(settings: Settings) -> str:
    engine = create_engine(parse_url(settings.url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            seen = find_schema_version(connection)
    finally:
        engine.dispose()
    known = known_revisions()
    if seen is None:
        raise BackupError("The store has no schema yet, so there is nothing to back up.")
    if seen not in known:
        raise SchemaVersionError(seen=seen, known=known[-1])
    return seen


def _copy_sqlite(path: Path, copy: Path) -> None:
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it that belongs to it
        said = [row[0] for row in target.execute("PRAGMA integrity_check(10)")]
    if said != ["ok"]:
        raise BackupError(f"The store is damaged, so the copy is too: {said[0]}. Restore an older backup.")


def _ensure_whole(copy: Path, folder: Path) -> None:
    """Compare what the copy names with what was copied."""
    engine = create_engine(f"sqlite:///{copy}", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            missing = missing_files(folder, files_named_in(connection))
    finally:
        engine.dispose()
    if missing:
        raise BackupError(
            f"{len(missing)} files that the store names are not in the data folder, such as {missing[0]}. "
            f"`fastgraph db check` lists them."
        )


def _copy_files(data_dir: Path, folder: Path, known: dict[str, FileEntry]) -> dict[str, FileEntry]:
    """Copy the files that are not `known` yet, and return all."""
    files = dict(known)
    for name in FILE_FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        for source in sorted((data_dir / name).glob("??/*")):
            path = f"{name}/{source.parent.name}/{source.name}"
            if path not in files and (entry := _copy(source, folder / path)) is not None:
                files[path] = entry
    return files


def _copy(source: Path, target: Path) -> FileEntry | None:
    """Copy a file, durable; None where it was swept away meanwhile. Raises BackupError where its content is not its name."""
    target.parent.mkdir(exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return None
    _sync(target)
    entry = hash_file(target)
    if entry.sha256 != source.name:
        raise BackupError(
            f"{source} is damaged: its content is not what its name says. Restore it from a backup."
        )
    return entry


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
