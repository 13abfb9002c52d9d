"""Every cache keeps the same promises: what was put in comes out apart and typed, until it is too old or cleared."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fastgraph.cache.base import BaseCache
from fastgraph.cache.memory import InMemoryCache
from fastgraph.cache.sqlite import SqliteCache
from fastgraph.errors import UnstorableValueError
from support.clocks import ManualClock

A, B = (("nodes", "a"), "1"), (("nodes", "b"), "1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite"])
def cache(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[BaseCache[Any]]:
    if request.param == "memory":
        yield InMemoryCache(clock=clock)
        return
    opened: SqliteCache[Any] = SqliteCache(path=tmp_path / "cache.db", clock=clock)
    yield opened
    opened.close()


def test_what_was_put_in_comes_out_as_what_it_was(cache: BaseCache[Any]) -> None:
    value = {"when": datetime(2026, 1, 2, tzinfo=UTC), "pair": (1, 2), "raw": b"\x00", "big": 2**70}
    cache.set({A: (value, None)})
    assert cache.get([A, B]) == {A: value}


def test_a_value_is_a_copy(cache: BaseCache[Any]) -> None:
    value = {"items": [1]}
    cache.set({A: (value, None)})
    value["items"].append(2)
    cache.get([A])[A]["items"].append(3)
    assert cache.get([A])[A] == {"items": [1]}


def test_a_value_is_good_until_its_time_is_over(cache: BaseCache[Any], clock: ManualClock) -> None:
    cache.set({A: (1, 10), B: (2, None)})
    clock.advance(9.9)
    assert cache.get([A, B]) == {A: 1, B: 2}
    clock.advance(0.1)
    assert cache.get([A, B]) == {B: 2}


def test_a_namespace_is_cleared_alone_and_everything_at_once(cache: BaseCache[Any]) -> None:
    cache.set({A: (1, None), B: (2, None)})
    cache.clear([("nodes", "a")])
    assert cache.get([A, B]) == {B: 2}
    cache.clear()
    assert cache.get([A, B]) == {}


def test_what_is_no_plain_data_is_refused(cache: BaseCache[Any]) -> None:
    with pytest.raises(UnstorableValueError, match="object"):
        cache.set({A: (object(), None)})


def test_the_async_methods_do_the_same(cache: BaseCache[Any]) -> None:
    async def use() -> Any:
        await cache.aset({A: (1, None), B: (2, None)})
        await cache.aclear([("nodes", "b")])
        return await cache.aget([A, B])

    assert asyncio.run(use()) == {A: 1}


def test_threads_share_a_cache(cache: BaseCache[Any]) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            cache.set({(("nodes", str(number)), str(turn)): (turn, None)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [(("nodes", str(number)), str(turn)) for number in range(4) for turn in range(20)]
    assert len(cache.get(keys)) == 80


def test_a_file_serves_several_caches(tmp_path: Path) -> None:
    first: SqliteCache[Any] = SqliteCache(path=tmp_path / "cache.db")
    second: SqliteCache[Any] = SqliteCache(path=tmp_path / "cache.db")
    first.set({A: ("kept", None)})
    assert second.get([A]) == {A: "kept"}
    first.close()
    second.close()


def test_a_custom_encoding(clock: ManualClock) -> None:
    class Text:
        def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
            return "text", str(obj).encode()

        def loads_typed(self, data: tuple[str, bytes]) -> Any:
            return data[1].decode()

    cache: InMemoryCache[Any] = InMemoryCache(serde=Text(), clock=clock)
    cache.set({A: (12, None)})
    assert cache.get([A]) == {A: "12"}
