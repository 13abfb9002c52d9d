"""The API under test: `api` is called in process, `served_api` through a real uvicorn. Both have one published workflow."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from fastgraph.settings import Settings
from support.served_api import Api, calling, served


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a server without hosts, over a SQLite store in `tmp_path`."""
    return Settings(data_dir=tmp_path / "data", hosts=0, poll_seconds=0.5)


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Keep the log out of the way, and the process's logging as it was."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with calling(settings) as running:
        await running.host.publish()
        yield running


@pytest.fixture
async def served_api(settings: Settings) -> AsyncIterator[Api]:
    async with served(settings) as running:
        await running.host.publish()
        yield running
