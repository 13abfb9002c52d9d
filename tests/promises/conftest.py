"""The promises are tried on real servers that are killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.programs import ProgramStarter
from support.serving import Serving


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    """A server on a fresh data folder, started and well."""
    server = Serving(start_program, tmp_path)
    server.start()
    with server.client:
        yield server
