"""`fastgraph host`: becomes a host process.

Only execs the boot file, because a host must never hold `api`: users have packages of that name (DESIGN
section 2). Settings travel in the environment, targets as arguments.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import DatabaseUrl, DataDir, Targets

__all__ = ["BOOT_FILE", "host"]

BOOT_FILE = Path(__file__).resolve().parents[2] / "actors" / "host" / "boot.py"


def host(
    targets: Targets = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="RUN_ID", help="Execute this run alone (probation).")
    ] = None,
) -> None:
    """Execute workflows: one host process, without the API."""
    from api.cli.serve import settings_of
    from api.cli.server import ensure_writable

    settings = settings_of(targets, data_dir=data_dir, database_url=database_url)
    ensure_writable(settings.data_dir)
    given = {"FASTGRAPH_DATA_DIR": data_dir, "FASTGRAPH_DATABASE_URL": database_url}
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value is not None}}
    arguments = [*(["--only", only] if only else []), *(targets or [])]
    command = [sys.executable, "-P", str(BOOT_FILE), *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - the program is this Python, the arguments are ours
