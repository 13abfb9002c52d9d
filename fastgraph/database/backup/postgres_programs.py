"""PostgreSQL's own programs for a copy of a database: `pg_dump` and `pg_restore`, where they are installed.

The password goes through the environment of the program, never through its arguments, which everybody on the machine sees.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from fastgraph.database.backup.errors import BackupError

__all__ = ["dump_database", "restore_database"]


def dump_database(url: URL, path: Path) -> None:
    """Write a consistent copy of the database into a file, while it is in use. Raises BackupError."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def restore_database(url: URL, path: Path) -> None:
    """Read such a copy into an empty database, wholly or not at all. Raises BackupError."""
    _run(
        "pg_restore",
        url,
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        str(path),
    )


def _run(name: str, url: URL, *arguments: str) -> None:
    program = shutil.which(name)
    if program is None:
        raise BackupError(
            f"{name} is not on the PATH. Install PostgreSQL's client programs (Debian: postgresql-client), of the "
            f"server's version or newer."
        )
    _, known = url.get_dialect()().create_connect_args(url)
    password = known.pop("password", None)
    environment = {**os.environ, "PGPASSWORD": password} if password else None
    done = subprocess.run(  # noqa: S603 - a fixed program; what is from the settings is no shell's to read
        [program, "--no-password", f"--dbname={make_conninfo(**known)}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{name} ended with {done.returncode}: {said[-1] if said else 'it says nothing'}")
