"""A real PostgreSQL server for the tests, in a temporary folder, on a port of its own.

The binaries are looked for in `FASTGRAPH_TEST_POSTGRES_BIN`, on the PATH and where Debian and Homebrew put them. As
root the server runs as an unprivileged user, because initdb refuses root. It is gone when the tests are: a small shell
holds a pipe of ours and stops the server when that reads end of file, also after kill -9 of the tests.

`fsync` is off by default, which makes a group of commits about ten times as fast and is wrong only for a power cut; a
test that wants the real thing starts a server of its own with `durable=True`.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from support.ports import free_port

USER = "fastgraph"
UNPRIVILEGED_USERS = ("postgres", "nobody")
BINARY_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")
START_TRIES = 3  # another process may take the free port first
START_SECONDS = 60

FAST_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OPTIONS = ("listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=64MB", "timezone=UTC")

INITDB_OPTIONS = ("-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

# The shell is the server's keeper: started, it says so; told to stop, or at the end of its input, it stops the
# server. In the second case we are dead, and it clears the folder away as well.
KEEPER = """
"$0" -D "$1/data" -l "$1/log" -t "$2" -w -o "$3" start >&2 || exit 1
echo started
read -r word
"$0" -D "$1/data" -m fast -w stop >&2
[ "$word" = stop ] || rm -rf "$1"
"""


class PostgresMissingError(AssertionError):
    """No PostgreSQL server on this machine; the message says how to get one."""

    def __init__(self) -> None:
        super().__init__(
            "The tests need a PostgreSQL server and found no initdb on the PATH or in /usr/lib/postgresql/*/bin. "
            "Install it (apt-get install postgresql, or brew install postgresql), name its folder in "
            "FASTGRAPH_TEST_POSTGRES_BIN, or leave these tests out with: pytest -m 'not postgres'"
        )


@dataclass
class PostgresServer:
    """One running server. `port` and `folder` stay the same over `stop` and `start`."""

    folder: Path
    binaries: Path
    port: int
    durable: bool
    _keeper: subprocess.Popen[str] | None = None

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's URL of a database on this server."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Open a psycopg connection in autocommit mode."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname=database, autocommit=True, connect_timeout=10
        )

    def create_database(self, *, template: str = "template0") -> str:
        """Create a database with a new name, as a copy of `template`, and answer the name."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database and end the sessions in it."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def start(self) -> None:
        """Start the server and return when it takes connections. Raises AssertionError with its log otherwise."""
        options = [
            *OPTIONS,
            *(() if self.durable else FAST_OPTIONS),
            f"unix_socket_directories={self.folder}",
        ]
        arguments = " ".join([f"-p {self.port}", *(f"-c {option}" for option in options)])
        pg_ctl = self.binaries / "pg_ctl"
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, pg_ctl, self.folder, str(START_SECONDS), arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C is for the tests; they stop the server afterwards
            **_unprivileged(),
        )
        assert keeper.stdout is not None
        said = []
        for line in keeper.stdout:
            said.append(line)
            if line == "started\n":
                self._keeper = keeper
                return
        keeper.wait()
        _close(keeper)
        log = self.folder / "log"
        written = log.read_text() if log.exists() else ""
        raise AssertionError(f"PostgreSQL did not start on port {self.port}:\n{''.join(said)}{written}")

    def stop(self) -> None:
        """Stop the server (fast mode: sessions are ended); does nothing when it is stopped."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        keeper.communicate("stop\n")

    def kill(self) -> None:
        """Stop the server as a power cut would (immediate mode): nothing is flushed, the next start recovers."""
        subprocess.run(
            [self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **_unprivileged(),
        )
        self.stop()


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a new, empty server for a `with` block. Raises PostgresMissingError where there are no binaries."""
    binaries = find_binaries()
    # Short, because a Unix socket's path ends at 104 bytes, and open to the unprivileged user, unlike pytest's folders.
    parent = "/tmp" if Path("/tmp").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="fg-pg-", dir=parent))
    server = None
    try:
        _hand_over(folder)
        _init_database(binaries, folder)
        server = _start_somewhere(folder, binaries, durable=durable)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)


def find_binaries() -> Path:
    """Answer the folder of initdb and pg_ctl: as named, on the PATH, or the newest installed.

    Raises PostgresMissingError.
    """
    if named := os.environ.get("FASTGRAPH_TEST_POSTGRES_BIN"):
        return Path(named)
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = [program.parent for folder in BINARY_FOLDERS for program in Path("/").glob(f"{folder}/initdb")]
    if found:
        return max(found, key=_version)
    raise PostgresMissingError


def _version(folder: Path) -> float:
    """The first number in the path: 15 for /usr/lib/postgresql/15/bin."""
    digits = "".join(letter if letter.isdigit() or letter == "." else " " for letter in str(folder)).split()
    return float(digits[0]) if digits else 0.0


def _unprivileged() -> dict[str, Any]:
    """Options of subprocess that make a child somebody other than root; none where we are not root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next((known[name] for name in UNPRIVILEGED_USERS if name in known), None)
    assert user is not None, f"initdb refuses root and this system has none of the users {UNPRIVILEGED_USERS}"
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _hand_over(folder: Path) -> None:
    who = _unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])


def _init_database(binaries: Path, folder: Path) -> None:
    made = subprocess.run(
        [binaries / "initdb", "-D", folder / "data", *INITDB_OPTIONS],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        **_unprivileged(),
    )
    assert made.returncode == 0, f"initdb failed:\n{made.stdout}{made.stderr}"


def _start_somewhere(folder: Path, binaries: Path, *, durable: bool) -> PostgresServer:
    for remaining in reversed(range(START_TRIES)):
        server = PostgresServer(folder=folder, binaries=binaries, port=free_port(), durable=durable)
        try:
            server.start()
        except AssertionError:
            if remaining == 0:
                raise
        else:
            return server
    raise AssertionError("unreachable: the last try raises or answers")


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            stream.close()
