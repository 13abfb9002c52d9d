"""Items that live for some minutes: their time begins anew when they are read, and what is over is swept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosqlite
import pytest

from fastgraph.errors import LoopRunningError, UnstorableValueError
from fastgraph.store.base import BaseStore, InvalidFilterError, TTLConfig, TtlNotSupportedError
from fastgraph.store.memory import InMemoryStore
from fastgraph.store.sqlite import AsyncSqliteStore, SqliteStore
from support.clocks import ManualClock

START = datetime(2026, 3, 4, tzinfo=UTC)
MINUTE = 60.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def _sqlite(clock: ManualClock, ttl: TTLConfig) -> Iterator[SqliteStore]:
    with SqliteStore.from_conn_string(":memory:", ttl=ttl) as opened:
        yield SqliteStore(opened.conn, ttl=ttl, clock=clock)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Any]:
    ttl: TTLConfig = {"default_ttl": 10, "refresh_on_read": True, "omit_expired": True}
    if request.param == "memory":
        yield InMemoryStore(ttl=ttl, clock=clock)
    else:
        yield from _sqlite(clock, ttl)


def test_an_item_is_gone_when_its_minutes_are_over(store: Any, clock: ManualClock) -> None:
    store.put(("a",), "k", {"n": 1})
    store.put(("a",), "short", {"n": 2}, ttl=1)
    store.put(("a",), "for ever", {"n": 3}, ttl=None)
    clock.advance(9 * MINUTE)
    assert sorted(item.key for item in store.search(("a",), refresh_ttl=False)) == ["for ever", "k"]
    assert store.get(("a",), "short") is None
    clock.advance(1 * MINUTE)
    assert store.get(("a",), "k") is None
    store.sweep_ttl()
    assert [item.key for item in store.search(())] == ["for ever"]


def test_reading_begins_the_minutes_anew_unless_it_is_told_not_to(store: Any, clock: ManualClock) -> None:
    for key in ("got", "found", "left"):
        store.put((key,), key, {})
    clock.advance(6 * MINUTE)
    store.get(("got",), "got")
    store.search(("found",))
    store.get(("left",), "left", refresh_ttl=False)
    clock.advance(6 * MINUTE)
    assert store.list_namespaces() == [("found",), ("got",)]


def test_a_put_keeps_the_time_of_making_and_takes_the_new_minutes(store: Any, clock: ManualClock) -> None:
    store.put(("a",), "k", {"n": 1}, ttl=1)
    clock.advance(30)
    store.put(("a",), "k", {"n": 2}, ttl=None)
    clock.advance(1000 * MINUTE)
    item = store.get(("a",), "k")
    assert (item.created_at, item.updated_at) == (START, START + timedelta(seconds=30))


def test_sqlite_shows_what_has_expired_until_it_is_swept_as_in_langgraph(clock: ManualClock) -> None:
    for opened in _sqlite(clock, {"default_ttl": 1, "refresh_on_read": False}):
        opened.put(("a",), "k", {"n": 1})
        clock.advance(2 * MINUTE)
        assert opened.get(("a",), "k") is not None
        assert opened.sweep_ttl() == 1
        assert opened.get(("a",), "k") is None


def test_the_sweeper_sweeps_by_itself_and_stops() -> None:
    with SqliteStore.from_conn_string(":memory:", ttl={"default_ttl": 0.0001}) as opened:
        opened.put(("a",), "k", {})
        swept = opened.start_ttl_sweeper(0.0001)
        while opened.get(("a",), "k", refresh_ttl=False) is not None:
            assert not swept.done()
        assert opened.stop_ttl_sweeper(timeout=10)
        assert swept.result(10) is None


def test_without_ttl_options_no_sweeper_starts() -> None:
    with SqliteStore.from_conn_string(":memory:") as opened:
        assert opened.start_ttl_sweeper().result(0) is None
        assert opened.stop_ttl_sweeper()


def test_a_store_without_ttl_refuses_minutes() -> None:
    class Nothing(BaseStore):
        def batch(self, ops: Any) -> Any:
            return [None for _ in ops]

        async def abatch(self, ops: Any) -> Any:
            return [None for _ in ops]

    Nothing().put(("a",), "k", {}, ttl=None)
    with pytest.raises(TtlNotSupportedError, match="Nothing keeps no time to live"):
        Nothing().put(("a",), "k", {}, ttl=1)


@pytest.fixture
async def async_store() -> AsyncIterator[AsyncSqliteStore]:
    async with AsyncSqliteStore.from_conn_string(":memory:", ttl={"default_ttl": 0.001}) as opened:
        yield opened


@pytest.mark.anyio
async def test_the_async_store_does_the_same(async_store: AsyncSqliteStore) -> None:
    await async_store.aput(("a", "b"), "k", {"n": 1, "when": START}, ttl=None)
    await async_store.aput(("a",), "short", {"n": 2})
    item = await async_store.aget(("a", "b"), "k")
    assert item is not None
    assert item.value == {"n": 1, "when": START}
    sweeper = await async_store.start_ttl_sweeper(0.0005)
    while await async_store.aget(("a",), "short", refresh_ttl=False) is not None:
        assert not sweeper.done()
    assert await async_store.stop_ttl_sweeper()
    assert await async_store.alist_namespaces(max_depth=1) == [("a",)]
    await async_store.adelete(("a", "b"), "k")
    assert await async_store.asearch(()) == []
    with pytest.raises(LoopRunningError):
        async_store.get(("a",), "k")


@pytest.mark.anyio
async def test_a_connection_may_be_handed_in(tmp_path: Any) -> None:
    async with aiosqlite.connect(tmp_path / "s.db", isolation_level=None) as connection:
        store = AsyncSqliteStore(connection)
        await store.setup()
        await store.aput(("a",), "k", {"n": 1})
    with SqliteStore.from_conn_string(str(tmp_path / "s.db")) as opened:
        assert opened.get(("a",), "k").value == {"n": 1}  # type: ignore[union-attr]


def test_a_failed_batch_leaves_nothing_behind() -> None:
    with SqliteStore.from_conn_string(":memory:") as opened:
        opened.put(("a",), "k", {"n": 1})
        with pytest.raises(UnstorableValueError, match=r"item 'k' of namespace \('a',\)"):
            opened.put(("a",), "k", {"n": object()})
        with pytest.raises(InvalidFilterError, match="OR 1=1"):
            opened.search((), filter={"n') OR 1=1 --": 1})
        with pytest.raises(InvalidFilterError, match="where"):
            opened.search((), filter={"n": {"$where": 1}})
        assert [item.value for item in opened.search(())] == [{"n": 1}]


def test_two_processes_that_read_and_write_one_file_wait_for_each_other(tmp_path: Any) -> None:
    """In a log-ahead file, who has read an old state and wants to write is refused at once, and waits for nobody."""
    file = str(tmp_path / "s.db")
    with (
        SqliteStore.from_conn_string(file, ttl={"default_ttl": 10}) as one,
        SqliteStore.from_conn_string(file, ttl={"default_ttl": 10}) as other,
    ):
        one.conn.execute("PRAGMA journal_mode=WAL")
        for number in range(3):
            one.put(("a",), "k", {"n": number})
            with ThreadPoolExecutor(10) as threads:
                found = list(threads.map(lambda store: store.get(("a",), "k"), (one, other) * 5))
            assert [item.value for item in found if item is not None] == [{"n": number}] * 10
