"""Runs are tried in boots of the test's own process, on real stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.boots import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house on SQLite."""
    opened = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def any_house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house on SQLite, and once more on PostgreSQL."""
    opened = House.open(store_url, tmp_path)
    yield opened
    await opened.close()
