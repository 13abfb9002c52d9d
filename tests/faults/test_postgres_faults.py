"""PostgreSQL restarts, loses connections, has none left, answers late or not at all: runs wait, go on by themselves, and no
step that was recorded is executed again. Each test says how many faults really hit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from fastgraph.database.answer_limit import BoundedConnection
from fastgraph.errors import StoreUnavailableError
from support.boots import House
from support.postgres import PostgresServer, running_server
from support.tcp_proxy import TcpProxy, Trick
from support.waiting import until_async
from support.walks import Walk, completed, patiently, polling

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.slow]

RUNS, STEPS = 8, 12
OTHERS = "datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module alone, which may be restarted, and which keeps what it has committed."""
    with running_server(durable=True) as own:
        yield own


@pytest.fixture
def database(server: PostgresServer) -> Iterator[str]:
    name = server.create_database()
    yield name
    server.drop_database(name)


@asynccontextmanager
async def walking(url: str, folder: Path, walk: Walk) -> AsyncIterator[tuple[House, list[str]]]:
    """A house with one boot, and runs that are in the middle of their walks."""
    house = House.open(url, folder)
    await house.boot(walk.graph)
    with polling(house):
        runs = [await house.accept("walk", {"steps": STEPS}) for _ in range(RUNS)]
        await until_async(_all_walk(walk, 2), what="runs in the middle")
        yield house, runs
    await house.close()


def _all_walk(walk: Walk, steps: int) -> Callable[[], Any]:
    async def look() -> bool:
        return sum(1 for _, number in walk.executed if number == steps) == RUNS

    return look


async def test_db_restart_during_recovery(server: PostgresServer, database: str, tmp_path: Path) -> None:
    """The server is killed, killed again while it recovers, and killed while a new host takes up what a dead one left."""
    walk = Walk(pause_seconds=0.3)
    async with walking(server.url(database), tmp_path, walk) as (house, runs):
        await asyncio.to_thread(_power_cut, server)
        await asyncio.to_thread(_power_cut, server)
        await patiently(lambda: house.run(runs[0]))
        (dead,) = house.boots
        await dead.die()
        taking_up = asyncio.create_task(patiently(lambda: house.free_dead(dead)))
        await asyncio.to_thread(_power_cut, server)
        await taking_up
        await patiently(lambda: house.boot(walk.graph))
        ended = [(await patiently(partial(house.run, run_id))).status for run_id in runs]
        assert ended.count("completed") < RUNS, "everything was over before the last fault"
        await asyncio.to_thread(_power_cut, server)
        await completed(house, runs, STEPS)
        # A dead boot's step may start again; nothing else may.
        assert walk.most_executed() <= 2
        assert sum(walk.executed.values()) <= RUNS * STEPS + RUNS


def _power_cut(server: PostgresServer) -> None:
    server.kill()
    server.start()


async def test_every_backend_is_killed_each_half_second(
    server: PostgresServer, database: str, tmp_path: Path
) -> None:
    walk = Walk(pause_seconds=0.3)
    killed = 0
    async with walking(server.url(database), tmp_path, walk) as (house, runs):
        with killing(server, database, each_seconds=0.5) as count:
            await until_async(_enough(count, 12), within_seconds=60, what="twelve backends killed")
        killed = count[0]
        await completed(house, runs, STEPS)
    assert killed >= 12
    assert walk.most_executed() == 1


@contextmanager
def killing(server: PostgresServer, database: str, *, each_seconds: float) -> Iterator[list[int]]:
    """Kill every backend of a database again and again; the list's one item counts them."""
    count, is_over = [0], threading.Event()
    connection = server.connect()

    def kill() -> None:
        with connection:
            while not is_over.wait(each_seconds):
                found = connection.execute(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}", (database,)
                )
                count[0] += len(found.fetchall())

    thread = threading.Thread(target=kill, name="killer")
    thread.start()
    try:
        yield count
    finally:
        is_over.set()
        thread.join()


def _enough(count: list[int], wanted: int) -> Callable[[], Any]:
    async def look() -> bool:
        return count[0] >= wanted

    return look


async def test_no_connection_is_left(server: PostgresServer, database: str, tmp_path: Path) -> None:
    walk = Walk()
    taken: list[psycopg.Connection[Any]] = []
    async with walking(server.url(database), tmp_path, walk) as (house, runs):

        def take_all() -> None:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.append(server.connect())

        try:
            with killing(server, database, each_seconds=0.2) as count:
                await until_async(_enough(count, 1), what="a killed backend")

                async def is_held() -> bool:
                    await asyncio.to_thread(take_all)  # what the store had, too
                    return await _is_held(house)

                await until_async(is_held, within_seconds=60, what="a refused write")
        finally:
            for connection in taken:
                connection.close()
        await completed(house, runs, STEPS)
    assert len(taken) >= 100
    assert walk.most_executed() == 1


async def _is_held(house: House) -> bool:
    try:
        await house.accept("walk", {"steps": 1})
    except StoreUnavailableError:
        return True
    return False


@pytest.mark.parametrize("trick", [Trick.BREAK, Trick.SWALLOW])
async def test_the_connection_is_lost_after_commit_was_sent(
    server: PostgresServer, database: str, tmp_path: Path, trick: Trick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is kept and its answer is lost: it is asked for, and neither written again nor taken for refused."""
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 1.0)
    proxy = TcpProxy(server.port)
    url = make_url(server.url(database)).set(port=proxy.port).render_as_string(hide_password=False)
    walk = Walk()
    times = 8 if trick is Trick.BREAK else 4
    try:
        async with walking(url, tmp_path, walk) as (house, runs):
            proxy.play(trick, times=times, every=2)
            more = [await patiently(lambda: house.accept("walk", {"steps": STEPS})) for _ in range(4)]
            await completed(house, runs + more, STEPS)
            with server.connect(database) as connection:
                (stored,) = connection.execute("SELECT count(*) FROM runs").fetchone() or (0,)
    finally:
        proxy.close()
    assert proxy.played >= times // 2
    assert stored == RUNS + 4, "an accepted run was written twice"
    assert walk.most_executed() == 1, "a step was executed again although its result was kept"


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
async def test_somebody_locks_rows_for_longer_than_writers_wait(
    server: PostgresServer, database: str, tmp_path: Path, limit: str
) -> None:
    with server.connect(database) as admin:
        if limit == "statement_timeout":
            admin.execute(f'ALTER DATABASE "{database}" SET statement_timeout = 400')
    walk = Walk()
    async with walking(server.url(database), tmp_path, walk) as (house, runs):
        with server.connect(database) as locker:
            locker.autocommit = False
            held = locker.execute("SELECT key FROM runs ORDER BY key FOR UPDATE").fetchall()
            waits = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND {OTHERS}"

            async def is_waiting() -> bool:
                with server.connect() as admin:
                    return bool((admin.execute(waits, (database,)).fetchone() or (0,))[0])

            await until_async(is_waiting, what="a writer that waits")
            await asyncio.to_thread(threading.Event().wait, 5.0)
        await completed(house, runs, STEPS)
    assert len(held) == RUNS
    assert walk.most_executed() == 1
