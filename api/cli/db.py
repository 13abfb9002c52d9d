"""`fastgraph db …`: the store's schema, whether it is whole, its copies.

A server upgrades the schema when it starts; `upgrade` is for who wants it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import AsJson, DatabaseUrl, DataDir

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look after the store.")

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the backup.")]
Quick = Annotated[bool, typer.Option("--quick", help="Look whether files are there, and do not read them.")]


@app.command()
def upgrade(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the store to this program's schema; safe beside running processes and to repeat."""
    from api.cli.serve import settings_of
    from api.cli.server import ensure_writable
    from api.cli.store_state import look_at_store
    from fastgraph.database.migrate import upgrade_store

    settings = settings_of(None, data_dir=data_dir, database_url=database_url)
    ensure_writable(settings.data_dir)
    with _reaching_the_store():
        upgrade_store(settings)
    print(look_at_store(settings).seen)


@app.command()
def check(
    *,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the store can be reached, has this program's schema, and is whole: its pages and rows, and every file that
    a row names with the right content. Safe beside running processes; ends with 1 where something is wrong."""
    from dataclasses import asdict

    from api.cli.exit_codes import ExitCode
    from api.cli.output import print_json, say
    from api.cli.serve import settings_of
    from api.cli.store_state import look_at_store
    from fastgraph.database.backup.checking import find_faults

    settings = settings_of(None, data_dir=data_dir, database_url=database_url)
    state = look_at_store(settings)
    if not as_json:
        print(state.seen)
        if state.remedy:
            say(state.remedy)
    faults: list[str] = []
    if state.is_current:
        with _reaching_the_store():
            faults = find_faults(settings, with_content=not quick)
    if as_json:
        print_json({**asdict(state), "faults": faults})
    elif state.is_current:
        print("\n".join(faults) if faults else "its rows and files are whole")
        if faults:
            say("Restore a backup: fastgraph db restore FOLDER --data-dir NEW-FOLDER")
    if faults or not state.is_current:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def backup(
    folder: Folder, *, data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Copy the store, while it is in use, into a new folder: the database, the files of artifacts, states and checkpoints,
    and a manifest with the size and SHA-256 of each."""
    from api.cli.output import print_json
    from api.cli.serve import settings_of
    from fastgraph.database.backup.making import make_backup

    settings = settings_of(None, data_dir=data_dir, database_url=database_url)
    with _reaching_the_store():
        manifest = make_backup(settings, folder)
    if as_json:
        print_json(manifest.model_dump(exclude={"files"}) | {"files": len(manifest.files)})
    else:
        print(f"{folder}: {len(manifest.files)} files, {manifest.size_bytes} bytes")


@app.command()
def restore(folder: Folder, *, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Make a store out of a backup, in an empty place; refuses a torn or changed copy and a store that is there already."""
    from api.cli.output import say
    from api.cli.serve import settings_of
    from api.cli.server import ensure_writable
    from fastgraph.database.backup.restoring import restore_backup

    settings = settings_of(None, data_dir=data_dir, database_url=database_url)
    ensure_writable(settings.data_dir)
    with _reaching_the_store():
        manifest = restore_backup(settings, folder)
    print(f"{settings.data_dir}: the store as it was at {manifest.made_at}, {len(manifest.files)} files")
    say(
        "Start it: fastgraph serve. Do not start the store that it was copied from as well: both would execute the "
        "same runs."
    )


@contextmanager
def _reaching_the_store() -> Iterator[None]:
    """Put what the database or the disk says into one sentence."""
    from sqlalchemy.exc import DBAPIError

    from api.cli.failures import CannotStartError
    from api.cli.server import store_sentence

    try:
        yield
    except DBAPIError as error:
        raise CannotStartError(store_sentence(error)) from error
    except OSError as error:
        raise CannotStartError(f"The store or its copy can't be read or written: {error}") from error
