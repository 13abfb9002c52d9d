"""Runs are tried in boots of the test's own process, on real stores."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.boots import House
from support.gates import Gate


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Rendering a traceback for a person takes longer than most tests."""
    with capture_logs():
        yield


@pytest.fixture
async def any_house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house on SQLite, and once more on PostgreSQL."""
    opened = House.open(store_url, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open in the end, so that no node waits there for longer than the test."""
    gate = Gate()
    yield gate
    gate.open()
