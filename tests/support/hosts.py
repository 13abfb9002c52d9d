"""Hosts as supervisord keeps them, on one store: started again at once, killed and stopped by the test, one API beside.

`Hosts.kill` sends SIGKILL to one host and starts another in its place. What the store knows of a process (its boot) and of
its runs is read directly, so that nothing between the test and the store can be wrong about it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, select

from actors.host.keeper import BOOT_FILE
from fastgraph.database.tables import hosts as host_rows
from fastgraph.database.tables import runs
from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient
from support.waiting import until

START_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill -9: when, which boot, and the runs that it was executing."""

    at: datetime
    pid: int
    boot_id: str | None
    runs: tuple[str, ...]


@dataclass
class Hosts:
    """One API and `count` hosts over the store at `url`. Use `running_hosts`."""

    start_program: ProgramStarter
    folder: Path
    url: str
    flows: Path
    count: int
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = self.folder / "ledger.txt"
        self.port = free_port()
        self.client = ServerClient(self.port)
        self.engine: Engine = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self.kills: list[Kill] = []
        self.killed_pids: set[int] = set()
        self.boot_seconds: list[float] = []
        self._starting: dict[int, float] = {}
        self.environment = {
            "FASTGRAPH_DATA_DIR": str(self.folder / "data"),
            "FASTGRAPH_DATABASE_URL": self.url,
            "FASTGRAPH_TEST_LEDGER": str(self.ledger),
            "FASTGRAPH_LOG_LEVEL": "warning",
            **self.variables,
        }

    def start(self) -> None:
        """Start all of it and wait until every host has published its workflows."""
        command = ["-m", "api.cli.main", "api", "--port", str(self.port)]
        self.api = self.start_program(*command, cwd=self.folder, environment=self.environment)
        self.programs = [self.start_host() for _ in range(self.count)]
        self.client.wait_until_healthy(within_seconds=START_SECONDS)
        for program in self.programs:
            self.wait_until_ready(program)
        self._starting.clear()  # all at once, which is not what the boot of one takes

    def start_host(self, **variables: str) -> Program:
        """Start one host process, beside those that are kept."""
        arguments = ("-P", str(BOOT_FILE), str(self.flows))
        program = self.start_program(
            *arguments, cwd=self.folder, environment={**self.environment, **variables}
        )
        self._starting[program.pid] = time.monotonic()
        return program

    def wait_until_ready(self, program: Program) -> str:
        """Wait until a host has published itself; answer its boot id."""
        return until(
            lambda: self.boot_of(program.pid), within_seconds=START_SECONDS, what=f"host {program.tail()}"
        )

    def kill(self, index: int) -> Kill:
        """kill -9 a host, note what it was executing, and start another in its place."""
        program = self.programs[index]
        boot_id = self.boot_of(program.pid)
        running = self.owned_by(boot_id) if boot_id else ()
        program.kill()
        self.killed_pids.add(program.pid)
        # Its own last events are older than this: what comes later is what others did.
        kill = Kill(at=datetime.now(UTC), pid=program.pid, boot_id=boot_id, runs=running)
        self.kills.append(kill)
        program.end()
        self.programs[index] = self.start_host()
        return kill

    def ready(self) -> list[int]:
        """The indexes of the hosts that have published themselves: the others can't be hit while they execute anything."""
        found = [index for index, program in enumerate(self.programs) if self.boot_of(program.pid)]
        for index in found:
            begun = self._starting.pop(self.programs[index].pid, None)
            if begun is not None:
                self.boot_seconds.append(time.monotonic() - begun)
        return found

    def boot_of(self, pid: int) -> str | None:
        """The boot of a process, once it has published itself."""
        query = (
            select(host_rows.c.boot_id)
            .where(host_rows.c.pid == pid)
            .order_by(host_rows.c.started_at.desc())
            .limit(1)
        )
        with self.engine.connect() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def owned_by(self, boot_id: str, *, status: str = "running") -> tuple[str, ...]:
        """The runs that a boot owns and that execute something."""
        query = select(runs.c.run_id).where(runs.c.owner == boot_id, runs.c.status == status)
        with self.engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def row(self, run_id: str) -> Any:
        """A run's row in the store."""
        with self.engine.connect() as connection:
            return connection.execute(select(runs).where(runs.c.run_id == run_id)).one()

    def boot_row(self, boot_id: str) -> Any:
        """A boot's row in the store."""
        with self.engine.connect() as connection:
            return connection.execute(select(host_rows).where(host_rows.c.boot_id == boot_id)).one()

    def ledger_lines(self) -> list[list[str]]:
        """The words of each line of the ledger, in order."""
        return [line.split() for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []


@contextmanager
def running_hosts(
    start_program: ProgramStarter, folder: Path, url: str, *, flows: Path, count: int, **variables: str
) -> Iterator[Hosts]:
    """Run an API and hosts for a `with` block."""
    found = Hosts(start_program, folder, url, flows, count, variables)
    found.start()
    try:
        with found.client:
            yield found
    finally:
        found.engine.dispose()


def is_gone(pid: int) -> bool:
    """Say whether a process has ended (a zombie of ours has)."""
    try:
        waited, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        waited = 0
    return waited == pid or not Path(f"/proc/{pid}").exists()


def stop_process(pid: int) -> None:
    """SIGSTOP."""
    os.kill(pid, signal.SIGSTOP)


def continue_process(pid: int) -> None:
    """SIGCONT."""
    os.kill(pid, signal.SIGCONT)


def pause(seconds: float) -> None:
    """Let real time go by: for a random moment that is the test's own input."""
    threading.Event().wait(seconds)
