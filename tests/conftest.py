"""Fixtures for all tests: the two databases, real programs, the async backend.

What needs PostgreSQL, a browser or minutes is marked: `postgres` is set here from the fixtures a test asks for,
`browser` from its folder, `slow` by the test itself. Fixtures hand out what `tests/support/` holds and clean up after it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from fastgraph.graph.strictness import strict_values
from support.boots import House
from support.postgres import PostgresServer, running_server
from support.programs import ProgramStarter

# How long an example took says nothing on a machine that test processes share; what is slow is measured in benchmarks/.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

BROWSER_TESTS = Path(__file__).parent / "browser"
POSTGRES_FIXTURES = {"postgres_server", "postgres_url", "postgres_database"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for PostgreSQL or a browser, so that `-m "not postgres and not browser"` leaves it out, and begin with
    the files that take long: among several test processes nobody waits for the last of them then. (xdist keeps this order
    with `--no-loadscope-reorder` only; else it begins with the files of most tests.)"""
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
        if POSTGRES_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)
    long_files = {
        item.path for item in items if item.get_closest_marker("slow") or BROWSER_TESTS in item.path.parents
    }
    items.sort(key=lambda item: item.path not in long_files)


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    """Graphs that a test compiles copy all values whole, so that a change in place which leaks is a test that fails."""
    with strict_values():
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests (marked `anyio`) run on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started by the first test that asks and stopped after the last one."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """SQLAlchemy's URL of the server's maintenance database: for tests that make databases themselves."""
    return postgres_server.url()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """SQLAlchemy's URL of an empty database of this test alone."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store: the test runs once on a SQLite file in `tmp_path` and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fastgraph.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Boots of the test's own process, on a SQLite file."""
    opened = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def start_program(tmp_path: Path) -> Iterator[ProgramStarter]:
    """Start real processes; each one, with all that it started, is killed when the test ends."""
    starter = ProgramStarter(tmp_path)
    yield starter
    starter.end_all()
