"""Servers as they come, for those that need nothing special, and no log between the lines of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.programs import ProgramStarter
from support.serving import Serving


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    """A server on a fresh data folder, started and well."""
    server = Serving(start_program, tmp_path)
    server.start()
    with server.client:
        yield server
