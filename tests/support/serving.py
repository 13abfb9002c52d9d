"""A real `fastgraph serve` that a test may kill in parts: the api, the host, both; and start again on the same data."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient
from support.waiting import until

FLOWS = Path(__file__).with_name("promise_flows.py")
START_SECONDS = 60.0


class Serving:
    """One server with its data folder; `start` may be called again after a kill."""

    def __init__(
        self, start_program: ProgramStarter, folder: Path, *, flows: Path = FLOWS, **variables: str
    ) -> None:
        self._flows = flows
        self.port = free_port()
        self.data = folder / "data"
        self.ledger = folder / "ledger.txt"
        self.client = ServerClient(self.port)
        self._start_program = start_program
        self._folder = folder
        self._variables = {
            "FASTGRAPH_DATA_DIR": str(self.data),
            "FASTGRAPH_TEST_LEDGER": str(self.ledger),
            "FASTGRAPH_LOG_LEVEL": "warning",
            **variables,
        }
        self.program: Program

    def start(self, *, wait: bool = True) -> None:
        """Start api and host; with `wait` until both are well."""
        command = [sys.executable, "-m", "api.cli.main", "serve", str(self._flows), "--port", str(self.port)]
        self.program = self._start_program.command(command, cwd=self._folder, environment=self._variables)
        if wait:
            self.wait_until_well()

    def wait_until_well(self) -> None:
        """Wait until api and host are up; a failure shows what they printed."""
        try:
            self.client.wait_until_healthy(within_seconds=START_SECONDS)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.program.tail()}") from late

    def host_pid(self) -> int:
        """The process of the host that is alive, by its own report in health."""

        def look() -> int | None:
            health = self.client.get("/api/monitoring/health").json()
            assert "hosts" in health, health
            living = [host["pid"] for host in health["hosts"] if host["is_alive"] and _lives(host["pid"])]
            return living[0] if living else None

        return until(look, within_seconds=START_SECONDS, what="a living host")

    def kill_host(self) -> None:
        """kill -9 the host; the keeper starts another."""
        with suppress(ProcessLookupError):
            os.kill(self.host_pid(), signal.SIGKILL)

    def kill_api(self) -> None:
        """kill -9 the api with its keeper; the host reads the end of its pipe and ends."""
        self.program.kill()

    def kill_all(self) -> None:
        """kill -9 the api, the host and whatever else was started, at once."""
        self.program.end()

    def ledger_lines(self) -> list[tuple[str, str, str]]:
        """(run id, word, idempotency key) of each execution, in order."""
        if not self.ledger.exists():
            return []
        lines = (line.split() for line in self.ledger.read_text().splitlines())
        return [(run_id, word, key) for run_id, word, key, _pid in lines]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
