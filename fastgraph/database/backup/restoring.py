"""From a backup to a store: only a whole one, only into an empty place, and in an order that a kill does no harm to.

Every byte is compared with the manifest first. The files come before the database, which gets its name when it is complete
and durable: a restore that was cut off has made no store, and can be begun again after its leftovers are removed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from fastgraph.database.backup.errors import (
    BackupError,
    DamagedBackupError,
    TargetError,
    UnreadableDatabaseError,
)
from fastgraph.database.backup.manifest import FILE_FOLDERS, Manifest, read_manifest
from fastgraph.database.backup.postgres_programs import restore_database
from fastgraph.database.engine import is_sqlite, parse_url, sqlite_path
from fastgraph.database.locks import is_locked_by_other
from fastgraph.database.schema_version import known_revisions
from fastgraph.errors import SchemaVersionError
from fastgraph.settings import Settings

__all__ = ["restore_backup"]


def restore_backup(settings: Settings, folder: Path) -> Manifest:
    """Make the store of these settings out of a backup and return its manifest. Blocks for as long as that takes.

    Raises DamagedBackupError for a torn or changed copy, SchemaVersionError for one of a newer program, TargetError where
    the place is not empty or is in use, and BackupError where the backup is of another kind of database.
    """
    url = parse_url(settings.url)
    manifest = read_manifest(folder)
    known = known_revisions()
    if manifest.schema_version not in known:
        raise SchemaVersionError(seen=manifest.schema_version, known=known[-1])
    kind = "sqlite" if is_sqlite(url) else "postgresql"
    if manifest.kind != kind:
        raise BackupError(
            f"The backup is of {manifest.kind} and FASTGRAPH_DATABASE_URL names {kind}. Name a store of the same kind."
        )
    _ensure_empty(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for path in manifest.files:
        if path != manifest.database:
            _copy(folder / path, settings.data_dir / path)
    if is_sqlite(url):
        try:
            _put_sqlite(folder / manifest.database, sqlite_path(url))
        except sqlite3.Error as error:
            raise UnreadableDatabaseError(folder / manifest.database, str(error)) from error
    else:
        restore_database(url, folder / manifest.database)
    return manifest


def _ensure_empty(settings: Settings) -> None:
    """Raise TargetError unless there is neither a store nor a file of one in the place that the settings name."""
    data_dir, url = settings.data_dir, parse_url(settings.url)
    locks = (data_dir / "hosts").glob("*.lock") if data_dir.exists() else ()
    if any(is_locked_by_other(lock) for lock in locks):
        raise TargetError(
            f"The store in {data_dir} is in use: a host works with it. Stop the server, and restore into a new folder."
        )
    if is_sqlite(url):
        path = sqlite_path(url)
        seen = [str(near) for near in (path, path.with_name(path.name + "-wal")) if near.exists()]
    else:
        seen = _tables_of(settings)
    seen += [f"{data_dir / name}" for name in FILE_FOLDERS if any((data_dir / name).glob("??/*"))]
    if seen:
        raise TargetError(
            f"There is a store already: {', '.join(seen[:3])}. A restore never writes over one: move it away, or name "
            f"another place with --data-dir and --database-url."
        )


def _tables_of(settings: Settings) -> list[str]:
    engine = create_engine(parse_url(settings.url), poolclass=NullPool)
    try:
        return [f"table {name}" for name in inspect(engine).get_table_names()]
    finally:
        engine.dispose()


def _put_sqlite(copy: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unnamed = path.with_name(path.name + ".restoring")
    unnamed.unlink(missing_ok=True)
    _copy(copy, unnamed)
    with closing(sqlite3.connect(f"{unnamed.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
    if said != ["ok"]:
        unnamed.unlink()
        raise DamagedBackupError(copy.parent, f"SQLite says of its database: {said[0]}")
    unnamed.rename(path)
    _sync(path.parent)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    _sync(target)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
