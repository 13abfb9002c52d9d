"""Is a store whole: its pages, its rows among each other, and every file that a row names, with the right content.

Only reads, in short transactions, beside a server that runs. What is missed is looked for once more, since a run may have
been deleted with its files in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.pool import NullPool

from fastgraph.database.backup.manifest import hash_file
from fastgraph.database.engine import parse_url
from fastgraph.database.tables import artifacts, events, runs, spilled_values
from fastgraph.settings import Settings

__all__ = ["NamedFile", "files_named_in", "find_faults", "missing_files"]

LISTED = 20  # faults of one kind; the others are counted

NamedFile = tuple[tuple[str, ...], str]
"""The folders that may hold a file, and its SHA-256, which is its name."""


def find_faults(settings: Settings, *, with_content: bool = True) -> list[str]:
    """Return what is wrong with a store of this program's schema, in sentences; `with_content` reads every file.

    Raises SQLAlchemyError where the store can't be read at all.
    """
    engine = create_engine(parse_url(settings.url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            faults = _faults_of_pages(connection) + _faults_of_events(connection)
            named = set(files_named_in(connection))
        suspects = _faulty_files(settings.data_dir, named, with_content=with_content)
        if suspects:
            with engine.connect() as connection:
                still_named = {sha256 for _, sha256 in files_named_in(connection)}
            suspects = {sha256: fault for sha256, fault in suspects.items() if sha256 in still_named}
        return faults + _listed(list(suspects.values()))
    finally:
        engine.dispose()


def files_named_in(connection: Connection) -> list[NamedFile]:
    """Return the files that rows name."""
    kept = connection.execute(select(artifacts.c.sha256).distinct()).scalars()
    spilled = connection.execute(select(spilled_values.c.sha256).distinct()).scalars()
    return [(("artifacts",), sha256) for sha256 in kept] + [
        (("states", "checkpoints"), sha256) for sha256 in spilled
    ]


def missing_files(data_dir: Path, named: Iterable[NamedFile]) -> list[str]:
    """Return the hashes of the files that are not in a data folder, or a backup."""
    return [sha256 for folders, sha256 in named if not _places(data_dir, folders, sha256)]


def _places(data_dir: Path, folders: Iterable[str], sha256: str) -> list[Path]:
    paths = [data_dir / folder / sha256[:2] / sha256 for folder in folders]
    return [path for path in paths if path.is_file()]


def _faulty_files(data_dir: Path, named: Iterable[NamedFile], *, with_content: bool) -> dict[str, str]:
    faults = {}
    for folders, sha256 in named:
        places = _places(data_dir, folders, sha256)
        if not places:
            faults[sha256] = f"{folders[0]}/{sha256[:2]}/{sha256} is named by a row and is not there"
        elif with_content:
            for path in places:
                try:
                    is_right = hash_file(path).sha256 == sha256
                except OSError as error:
                    faults[sha256] = f"{path} can't be read: {error.strerror}"
                else:
                    if not is_right:
                        faults[sha256] = f"{path} was changed: its content is not what its name says"
    return faults


def _faults_of_pages(connection: Connection) -> list[str]:
    """Let SQLite look at its pages and keys; PostgreSQL has its own programs for that."""
    if connection.dialect.name != "sqlite":
        return []
    said = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({LISTED})")]
    strays = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    faults = [f"the database is damaged: {line}" for line in said if line != "ok"]
    return faults + _listed(
        [f"a row of {row[0]} names a row of {row[2]} that is not there" for row in strays]
    )


def _faults_of_events(connection: Connection) -> list[str]:
    """A run's number and its last event are written by one transaction, so they can't differ."""
    last = (
        select(func.max(events.c.seq)).where(events.c.run_key == runs.c.key).correlate(runs).scalar_subquery()
    )
    found = connection.execute(
        select(runs.c.run_id, runs.c.seq, last.label("last")).where(func.coalesce(last, 0) != runs.c.seq)
    )
    return _listed(
        [f"run {row.run_id} counts {row.seq} events and its last one is {row.last}" for row in found]
    )


def _listed(faults: list[str]) -> list[str]:
    if len(faults) <= LISTED:
        return faults
    return [*faults[:LISTED], f"and {len(faults) - LISTED} more of this kind"]
