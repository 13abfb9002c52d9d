"""The items that nodes share: written by the group, read by range, gone when their time is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fastgraph.database.item_records import ItemRow, ItemWrite, RefreshItems, SweepItems, WriteItems
from fastgraph.database.store import Store
from fastgraph.database.store_items import find_item, list_item_namespaces, list_items, walk_items
from fastgraph.database.times import to_micros
from support.stores import NOW, answers, write

pytestmark = pytest.mark.anyio

MINUTE = 60_000_000


def put(
    namespace: str, key: str, value: bytes | None = b"{}", *, minutes: int | None = None, after: int = 0
) -> WriteItems:
    lifetime = None if minutes is None else minutes * MINUTE
    item = ItemWrite(namespace=namespace, key=key, value=value, lifetime_micros=lifetime)
    return WriteItems(items=(item,), now=NOW + timedelta(seconds=after))


async def find(store: Store, namespace: str, key: str, *, minutes: float = 0) -> ItemRow | None:
    async with store.readers.connect() as connection:
        now = to_micros(NOW + timedelta(minutes=minutes))
        return await find_item(connection, namespace=namespace, key=key, now=now)


async def keys(store: Store, prefix: str, *, limit: int = 100, offset: int = 0) -> list[str]:
    async with store.readers.connect() as connection:
        found = await list_items(connection, prefix=prefix, now=to_micros(NOW), limit=limit, offset=offset)
    return [item.key for item in found]


async def test_a_value_is_replaced_and_the_time_of_its_making_stays(store: Store) -> None:
    write(store, put("a.b", "k", b'{"n":1}'))
    write(store, put("a.b", "k", b'{"n":2}', after=5))
    found = await find(store, "a.b", "k")
    assert found == ItemRow(
        namespace="a.b", key="k", value=b'{"n":2}',
        created_at=to_micros(NOW), updated_at=to_micros(NOW) + 5_000_000, lives_shortly=False,
    )  # fmt: skip


async def test_of_several_writes_in_a_group_the_last_one_counts(store: Store) -> None:
    group = [
        put("a", "k", b"1"),
        put("a", "k", None),
        put("a", "gone", b"1"),
        put("a", "k", b"2"),
        put("a", "gone", None),
    ]
    assert answers(store, group) == [True] * 5
    found = await find(store, "a", "k")
    assert found is not None
    assert found.value == b"2"
    assert await find(store, "a", "gone") is None


async def test_a_prefix_finds_what_is_in_and_below_it_and_nothing_beside_it(store: Store) -> None:
    for number, namespace in enumerate(
        ["a", "a.b", "a.b.c", "a.bc", "a-b", "a/b", "ab", "A.b", "ä.b", "a.ä"]
    ):
        write(store, put(namespace, namespace, after=number))
    assert await keys(store, "a.b") == ["a.b.c", "a.b"]
    assert sorted(await keys(store, "a")) == ["a", "a.b", "a.b.c", "a.bc", "a.ä"]
    assert await keys(store, "ä") == ["ä.b"]
    assert len(await keys(store, "")) == 10
    assert await keys(store, "", limit=2, offset=1) == ["ä.b", "A.b"]


async def test_walking_visits_every_item_once_in_the_order_of_the_list(store: Store) -> None:
    items = tuple(ItemWrite(namespace=f"a.{n % 3}", key=str(n), value=b"{}") for n in range(1_203))
    write(store, WriteItems(items=items[:700], now=NOW))
    write(store, WriteItems(items=items[700:], now=NOW + timedelta(seconds=1)))
    async with store.readers.connect() as connection:
        walked = [item async for item in walk_items(connection, prefix="a", now=to_micros(NOW))]
        listed = await list_items(connection, prefix="a", now=to_micros(NOW), limit=2_000, offset=0)
    assert walked == listed
    assert len({item.key for item in walked}) == 1_203


async def test_what_has_expired_is_hidden_and_then_swept(store: Store) -> None:
    write(store, put("a", "short", minutes=1))
    write(store, put("b", "long"))
    assert await find(store, "a", "short", minutes=0.9) is not None
    assert await find(store, "a", "short", minutes=1) is None
    async with store.readers.connect() as connection:
        later = to_micros(NOW + timedelta(minutes=2))
        assert await list_item_namespaces(connection, now=later) == ["b"]
    write(store, SweepItems(now=NOW + timedelta(minutes=2)))
    assert await keys(store, "") == ["long"]


async def test_reading_begins_the_time_of_an_item_anew(store: Store) -> None:
    write(store, put("a", "short", minutes=2))
    write(store, put("a", "long"))
    write(
        store,
        RefreshItems(places=(("a", "short"), ("a", "long"), ("a", "none")), now=NOW + timedelta(minutes=1)),
    )
    found = await find(store, "a", "short", minutes=2.9)
    assert found is not None
    assert found.lives_shortly
    assert await find(store, "a", "short", minutes=3) is None
    assert await find(store, "a", "long", minutes=100) is not None


def test_an_operation_says_how_large_it_is() -> None:
    small = put("a", "k")
    assert replace(small, items=small.items * 10).size_bytes > small.size_bytes
