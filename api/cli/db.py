"""`fastgraph db …`: the store's schema. A server upgrades it when it starts; this is for who wants it before."""

from __future__ import annotations

import typer

from api.cli.options import AsJson, DatabaseUrl, DataDir

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look after the store.")


@app.command()
def upgrade(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the store to this program's schema; safe beside running processes and to repeat."""
    from sqlalchemy.exc import DBAPIError

    from api.cli.failures import CannotStartError
    from api.cli.serve import settings_of
    from api.cli.server import ensure_writable, store_sentence
    from api.cli.store_state import look_at_store
    from fastgraph.database.migrate import upgrade_store

    settings = settings_of(None, data_dir=data_dir, database_url=database_url)
    ensure_writable(settings.data_dir)
    try:
        upgrade_store(settings)
    except DBAPIError as error:
        raise CannotStartError(store_sentence(error)) from error
    print(look_at_store(settings).seen)


@app.command()
def check(data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Say whether the store can be reached and has this program's schema; end with 1 where not."""
    from dataclasses import asdict

    from api.cli.exit_codes import ExitCode
    from api.cli.output import print_json, say
    from api.cli.serve import settings_of
    from api.cli.store_state import look_at_store

    state = look_at_store(settings_of(None, data_dir=data_dir, database_url=database_url))
    print_json(asdict(state)) if as_json else print(state.seen)
    if state.remedy and not as_json:
        say(state.remedy)
    if not state.is_current:
        raise typer.Exit(ExitCode.FAILED)
