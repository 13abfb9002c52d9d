"""The store of a contract test: on SQLite and on PostgreSQL, in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fastgraph.database.store import Store
from support.stores import open_store


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of this test alone."""
    opened = open_store(store_url, tmp_path / "data")
    yield opened
    await opened.close()
