"""Fixtures of the command line's tests: a small real server, and the program itself as a process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.small_server import SmallServer

Fastgraph = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[SmallServer]:
    """A server with one run, on a port of its own."""
    small = SmallServer()
    yield small
    small.close()


@pytest.fixture
def fastgraph(tmp_path: Path) -> Fastgraph:
    """Run `fastgraph` with arguments in the test's folder, to its end; stdout is a pipe."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")}

    def call(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api.cli.main", *arguments],
            cwd=tmp_path,
            env={**clean, **variables},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call
