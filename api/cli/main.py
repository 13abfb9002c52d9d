"""The program `fastgraph`: which commands there are, and where every failure becomes one sentence and an exit
code.

Only typer is imported here and in what this file imports; a command loads what it needs when it is called, so
that `fastgraph --help` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.cli import artifacts, db, keys, runs, threads, workflows
from api.cli.api_key import add_api_key
from api.cli.control import add_control
from api.cli.dev import dev
from api.cli.doctor import doctor
from api.cli.exit_codes import table_text
from api.cli.host import host
from api.cli.operators import actors_app, hosts_app, stuck
from api.cli.run import run
from api.cli.serve import api, serve

__all__ = ["app", "main"]

app = typer.Typer(
    name="fastgraph",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich costs a tenth of a second at every start
    pretty_exceptions_enable=False,
    help="Run stateful, stepwise workflows that survive anything.",
    epilog=f"\b\nExit codes:\n{table_text()}",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from fastgraph.version import __version__

        print(f"fastgraph-server {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    """Run stateful, stepwise workflows that survive anything."""


for command in (serve, dev, api, host, run, stuck, doctor):
    app.command()(command)
for name, group in (
    ("runs", runs.app),
    ("threads", threads.app),
    ("workflows", workflows.app),
    ("artifacts", artifacts.app),
    ("keys", keys.app),
    ("actors", actors_app),
    ("hosts", hosts_app),
    ("db", db.app),
):
    app.add_typer(group, name=name)
add_control(app, runs.app, workflows.app)
add_api_key(app)


def main() -> None:
    """Run the command of this process's arguments; the entry point of the console script."""
    try:
        app()
    except Exception as error:
        code = _code_of(error)
        if code is None:
            raise  # a fault of the program: its traceback is what helps
        print(f"fastgraph: {error}", file=sys.stderr)
        raise SystemExit(code) from None


def _code_of(error: Exception) -> int | None:
    """The exit code of an error that is a sentence for people; None for any other. Imports only when there is one."""
    from api.cli.exit_codes import ExitCode
    from api.cli.failures import CommandError
    from fastgraph.errors import FastGraphError, SettingsError, StoreError

    match error:
        case CommandError():
            return error.exit_code
        case SettingsError():
            return ExitCode.USAGE
        case StoreError():
            return ExitCode.CANNOT_START
        case FastGraphError():
            return ExitCode.FAILED
        case _:
            return None


if __name__ == "__main__":
    main()
