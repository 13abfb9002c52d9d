"""Hints over a real PostgreSQL server: NOTIFY, batches, lost connections."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from structlog.testing import capture_logs

from actors.hints.hints import Hint, HintKind
from actors.hints.opening import open_hint_bus
from actors.hints.postgres_notify import CHANNEL, WAITING_HINTS, PostgresHints
from actors.hints.unix_sockets import UnixSocketHints
from fastgraph.settings import Settings
from support.postgres import PostgresServer
from support.waiting import until_async

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 30.0
OURS = "WHERE datname = %s AND application_name = 'fastgraph hints'"
WORK = Hint(HintKind.WORK)

Heard = asyncio.Queue[Hint]


@pytest.fixture
def conninfo(postgres_database: str) -> str:
    return make_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
async def buses(conninfo: str) -> AsyncIterator[tuple[PostgresHints, PostgresHints]]:
    """Two processes, both listening; their first word after that has been heard."""
    loop = asyncio.get_running_loop()
    pair = (
        PostgresHints(conninfo, name="a" * 36, loop=loop),
        PostgresHints(conninfo, name="b" * 36, loop=loop),
    )
    for bus in pair:
        queue = heard(bus)
        await bus.start()
        assert await next_of(queue) == WORK, "who begins to listen looks for what it missed"
    yield pair
    for bus in pair:
        await bus.stop()
        await bus.stop()


def heard(bus: PostgresHints) -> Heard:
    queue: Heard = asyncio.Queue()

    def listen(hints: Any) -> None:
        for hint in hints:
            queue.put_nowait(hint)

    bus.subscribe(listen)
    return queue


async def next_of(queue: Heard) -> Hint:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await queue.get()


async def test_other_processes_and_our_own_listeners_hear_each_hint_once(
    buses: tuple[PostgresHints, PostgresHints],
) -> None:
    a, b = buses
    at_a, at_b = heard(a), heard(b)
    hints = [WORK, Hint(HintKind.EVENTS, 17), Hint(HintKind.INBOX, 2**62)]
    await asyncio.to_thread(a.publish, hints)
    assert [await next_of(at_b) for _ in hints] == hints
    assert [await next_of(at_a) for _ in hints] == hints
    b.publish([Hint(HintKind.EVENTS, 1)])
    assert await next_of(at_a) == Hint(HintKind.EVENTS, 1), "and not its own once more, back from the server"
    assert await next_of(at_b) == Hint(HintKind.EVENTS, 1)


async def test_hints_that_gather_go_as_few_short_notifications(
    buses: tuple[PostgresHints, PostgresHints], conninfo: str
) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as spy:
        await spy.execute(f"LISTEN {CHANNEL}")
        for key in range(100):
            buses[0].publish([Hint(HintKind.EVENTS, key), WORK])
        payloads = [notice.payload async for notice in spy.notifies(timeout=PATIENCE_SECONDS, stop_after=1)]
    assert len(payloads) == 1
    assert payloads[0].split()[1:4] == ["events:0", "work", "events:1"]
    assert len(payloads[0].split()) == 1 + 100 + 1
    assert len(payloads[0].encode()) < 8_000


async def test_a_flood_is_bounded(buses: tuple[PostgresHints, PostgresHints]) -> None:
    queue = heard(buses[1])
    buses[0].publish(Hint(HintKind.EVENTS, key) for key in range(WAITING_HINTS * 3))
    seen = [await next_of(queue) for _ in range(WAITING_HINTS)]
    assert seen == [Hint(HintKind.EVENTS, key) for key in range(WAITING_HINTS)]
    buses[0].publish([WORK])
    assert await next_of(queue) == WORK


async def test_lost_connections_are_made_anew(
    buses: tuple[PostgresHints, PostgresHints], postgres_server: PostgresServer, conninfo: str
) -> None:
    a, b = buses
    at_b = heard(b)
    database = make_url(conninfo).database

    async def all_are_connected() -> bool:
        with postgres_server.connect() as other:
            row = other.execute(f"SELECT count(*) FROM pg_stat_activity {OURS}", (database,)).fetchone()
        return row is not None and row[0] == 4

    await until_async(all_are_connected, within_seconds=PATIENCE_SECONDS)
    with postgres_server.connect() as other:
        other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {OURS}", (database,))

    async def comes_through() -> bool:
        a.publish([Hint(HintKind.EVENTS, 99)])
        return not at_b.empty() and Hint(HintKind.EVENTS, 99) in [
            at_b.get_nowait() for _ in range(at_b.qsize())
        ]

    with capture_logs():
        await until_async(comes_through, within_seconds=PATIENCE_SECONDS)


async def test_a_server_that_is_away_is_no_error_and_is_logged_once() -> None:
    nobody = PostgresHints("postgresql://127.0.0.1:1/none", name="x", loop=asyncio.get_running_loop())
    queue = heard(nobody)
    with capture_logs() as logs:
        await nobody.start()
        nobody.publish([WORK])
        assert await next_of(queue) == WORK, "the listeners of this process need no server"

        async def both_failed() -> bool:
            return len(logs) >= 2

        await until_async(both_failed, within_seconds=PATIENCE_SECONDS)
        await nobody.stop()
    assert [line["event"] for line in logs] == ["hints: connection lost, polling goes on meanwhile"] * 2


async def test_the_store_decides_which_bus_it_is(tmp_path: Any) -> None:
    loop = asyncio.get_running_loop()
    lite = open_hint_bus(Settings(data_dir=tmp_path), boot_id="a" * 36, loop=loop)
    assert isinstance(lite, UnixSocketHints)
    await lite.stop()
    url = "postgresql+psycopg://user:secret@db.example/name"
    full = open_hint_bus(Settings(data_dir=tmp_path, database_url=url), boot_id="a" * 36, loop=loop)
    assert isinstance(full, PostgresHints)
    assert full._conninfo == "postgresql://user:secret@db.example/name"
