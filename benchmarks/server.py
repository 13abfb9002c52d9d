"""The real server as a process: `fastgraph serve`, `api` and `host` with the benchmarks' own workflows.

Nothing is measured inside the process: what it accepts, executes and sends is asked over its own HTTP
interface.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = [
    "Server",
    "checkpoint",
    "count_runs",
    "get_json",
    "host",
    "list_runs",
    "publish",
    "served",
    "wait_for_end",
]

FLOWS = Path(__file__).with_name("flows.py")
ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
END_SECONDS = 20.0

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """One running program of ours (or a bare one to compare with), and its URL."""

    def __init__(self, arguments: list[str], *, folder: Path, **variables: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")}
        self._log = folder / f"{arguments[1].replace('.', '-')}-{time.time_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env={**clean, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = ""

    @property
    def pid(self) -> int:
        """The process that serves; hosts are children of it."""
        return self._process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait_for_url(self) -> None:
        """Wait for the line that says where it serves."""
        match = self._wait(
            lambda: re.search(r"serves on (http://\S+)", self._log.read_text(errors="replace"))
        )
        self.url = match[1]

    def wait_for_health(self) -> None:
        """Wait until the store can be written and a living host has published its workflows."""
        self._wait(lambda: get_json(f"{self.url}/api/monitoring/health").get("status") == "ok")

    def end(self) -> None:
        """Ask it to end, and make it where it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait(self, look: Any) -> Any:
        deadline, pause = time.monotonic() + START_SECONDS, threading.Event()
        while not (seen := look()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"The server did not start:\n{self._log.read_text(errors='replace')[-4000:]}"
                )
            pause.wait(0.02)
        return seen


@contextmanager
def served(folder: Path, command: str = "serve", **variables: str) -> Iterator[Server]:
    """Run `fastgraph serve` (or `api`) on a free port over `folder/data` for the length of a block."""
    targets = [str(FLOWS)] if command == "serve" else []
    arguments = ["-m", "api.cli.main", command, *targets, "--port", "0", "--data-dir", str(folder / "data")]
    server = Server(arguments, folder=folder, **variables)
    try:
        server.wait_for_url()
        if command == "serve":
            server.wait_for_health()
        yield server
    finally:
        server.end()


@contextmanager
def host(folder: Path, **variables: str) -> Iterator[Server]:
    """Run `fastgraph host` over `folder/data` for the length of a block; returns at once."""
    arguments = ["-m", "api.cli.main", "host", str(FLOWS), "--data-dir", str(folder / "data")]
    server = Server(arguments, folder=folder, **variables)
    try:
        yield server
    finally:
        server.end()


def publish(folder: Path) -> None:
    """Let a host publish the workflows once and end, so that an API without hosts accepts runs."""
    with served(folder):
        pass


def get_json(url: str) -> Any:
    """GET a JSON value; an empty object where nobody answers or the answer is no."""
    try:
        with _OPENER.open(url, timeout=30) as answer:
            return json.loads(answer.read())
    except OSError:
        return {}


def count_runs(url: str, status: str) -> int:
    """How many runs have a status."""
    with _OPENER.open(f"{url}/api/runs/?status={status}&limit=1", timeout=30) as answer:
        return int(answer.headers["X-Total-Count"])


def list_runs(url: str) -> list[dict[str, Any]]:
    """All runs, page by page."""
    found: list[dict[str, Any]] = []
    address: str | None = f"{url}/api/runs/?limit=1000"
    while address:
        with _OPENER.open(address, timeout=60) as answer:
            found += json.loads(answer.read())
            link = re.search(r'<([^>]+)>;\s*rel="?next', answer.headers.get("Link", ""))
        address = link and (link[1] if link[1].startswith("http") else f"{url}{link[1]}")
    return found


def wait_for_end(server: Server, run_id: str, limit_seconds: float = 120.0) -> dict[str, Any]:
    """Wait until a run has ended and return it."""
    deadline, pause = time.monotonic() + limit_seconds, threading.Event()
    while (run := get_json(f"{server.url}/api/runs/{run_id}")).get("finished_at") is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"run {run_id} did not end within {limit_seconds:.0f} s: {run}")
        pause.wait(0.05)
    return dict(run)


def checkpoint(folder: Path) -> int:
    """Checkpoint the write-ahead log of a stopped server and return the bytes of all files under its data folder."""
    connection = sqlite3.connect(folder / "data" / "fastgraph.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())
