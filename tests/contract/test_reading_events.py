"""Reading events: in order, each once, wherever a reader begins; large values and batches are taken apart."""

import hashlib
import tracemalloc
from typing import Any

import orjson
import pytest

from fastgraph.clock import to_rfc3339
from fastgraph.database.events import StoredEvent, last_cursor, read_events, read_feed, read_whole
from fastgraph.database.records import NewEvent
from fastgraph.database.store import Store
from fastgraph.events import EventKind
from support.stores import NOW, Chain, accept, boot, claim, result_row, start_one

pytestmark = pytest.mark.anyio


def batch(*texts: str) -> NewEvent:
    parts = [
        {"event": "token", "node": "write", "at": to_rfc3339(NOW), "data": {"text": text}} for text in texts
    ]
    return NewEvent(kind="stream", at=NOW, data=orjson.dumps(parts), covers=len(parts))


async def read(store: Store, chain: Chain, **options: int | bool) -> list[StoredEvent]:
    chosen: dict[str, Any] = {"after": 0, "limit": 1_000} | options
    async with store.readers.connect() as connection:
        return await read_events(connection, run_key=chain.key, run_id=chain.run_id, **chosen)


async def test_an_event_is_one_json_object_of_the_feed(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.step("x"))
    events = [orjson.loads(event.encoded) for event in await read(store, chain)]
    at = to_rfc3339(NOW)
    assert events[1:] == [
        {"event": "started", "run_id": chain.run_id, "seq": 2, "at": at},
        {
            "event": "node_update",
            "run_id": chain.run_id,
            "seq": 3,
            "at": at,
            "node": "append",
            "data": {"update": {"log": ["x"]}},
        },
        {"event": "checkpoint", "run_id": chain.run_id, "seq": 4, "at": at, "data": {"step": 0}},
        {"event": "node_started", "run_id": chain.run_id, "seq": 5, "at": at, "node": "append"},
    ]


async def test_an_update_stands_beside_the_event_s_own_data(store: Store) -> None:
    chain = start_one(store, boot(store))
    told = NewEvent(kind=EventKind.NODE_UPDATE, at=NOW, node="n", result=0, data=b'{"task_id":"t"}')
    chain.commit(store, chain.step(events=(told,)))
    [event] = await read(store, chain, after=2)
    assert orjson.loads(event.encoded)["data"] == {"update": {"log": ["x"]}, "task_id": "t"}


async def test_a_page_goes_on_where_the_last_one_ended(store: Store) -> None:
    chain = start_one(store, boot(store))
    for _ in range(4):
        chain.commit(store, chain.step())
        chain.commit(store, chain.operation(events=(batch("a", "b", "c", "d"),)))
    for limit in (1, 2, 3, 5, 100):
        seqs: list[int] = []
        while page := await read(store, chain, after=seqs[-1] if seqs else 0, limit=limit):
            assert len(page) <= limit
            seqs += [event.seq for event in page]
        assert seqs == list(range(1, chain.seq + 1))


async def test_newest_first_is_the_same_backwards(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.operation(events=(batch("a", "b", "c"),)))
    chain.commit(store, chain.step())
    forwards = await read(store, chain)
    assert await read(store, chain, newest_first=True) == forwards[::-1]
    assert [event.seq for event in await read(store, chain, newest_first=True, limit=4)] == [8, 7, 6, 5]
    assert [event.seq for event in await read(store, chain, newest_first=True, limit=2, before=5)] == [4, 3]


async def test_pages_of_any_size_are_whole_where_batches_and_single_events_take_turns(store: Store) -> None:
    chain = start_one(store, boot(store))
    for size in (1, 30, 2, 1, 17):
        for _ in range(12):
            chain.commit(store, chain.operation(events=(batch(*["x"] * size),)))
    whole = list(range(1, chain.seq + 1))
    for limit in (7, 9, 64, 300):
        seqs: list[int] = []
        while page := await read(store, chain, after=seqs[-1] if seqs else 0, limit=limit):
            assert len(page) == min(limit, chain.seq - len(seqs))
            seqs += [event.seq for event in page]
        assert seqs == whole
        backwards: list[int] = []
        while page := await read(
            store, chain, newest_first=True, limit=limit, before=backwards[-1] if backwards else chain.seq + 1
        ):
            assert len(page) == min(limit, chain.seq - len(backwards))
            backwards += [event.seq for event in page]
        assert backwards == whole[::-1]


async def test_a_page_of_large_batches_takes_no_memory_for_those_that_are_not_in_it(store: Store) -> None:
    chain = start_one(store, boot(store))
    for _ in range(60):
        chain.commit(store, chain.operation(events=(batch(*["x" * 2_000] * 32),)))
    for newest_first in (False, True):
        await read(store, chain, limit=64, newest_first=newest_first)  # what is made once
        tracemalloc.start()
        try:
            page = await read(store, chain, limit=64, newest_first=newest_first)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(page) == 64
        assert most < 2_000_000, f"{most} bytes for a page of {sum(len(event.encoded) for event in page)}"


async def test_each_number_of_a_batch_is_an_event(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.operation(events=(batch("a", "b", "c"),)))
    found = await read(store, chain, after=3)
    assert [(event.seq, event.kind) for event in found] == [(4, "token"), (5, "token")]
    assert orjson.loads(found[0].encoded) == {
        "event": "token",
        "run_id": chain.run_id,
        "seq": 4,
        "at": to_rfc3339(NOW),
        "node": "write",
        "data": {"text": "b"},
    }


async def test_an_update_above_64_kb_is_told_by_size_hash_preview_and_url(store: Store) -> None:
    chain = start_one(store, boot(store))
    large = "ä" * 100_000
    chain.commit(store, chain.step(large))
    update = orjson.dumps({"log": [large]})
    event = next(event for event in await read(store, chain) if event.kind == "node_update")
    shown = orjson.loads(event.encoded)["data"]["update"]
    assert shown == {
        "size": len(update),
        "sha256": hashlib.sha256(update).hexdigest(),
        "preview": update.decode()[:200],
        "url": f"/api/runs/{chain.run_id}/events/{event.seq}/update",
    }
    async with store.readers.connect() as connection:
        assert await read_whole(connection, run_key=chain.key, seq=event.seq) == update
        assert await read_whole(connection, run_key=chain.key, seq=99) is None


async def test_large_data_of_other_events_is_told_in_the_same_way(store: Store) -> None:
    chain = start_one(store, boot(store))
    data = orjson.dumps({"text": "x" * 70_000})
    parts: list[dict[str, Any]] = [
        {"event": "log", "data": {"text": "y" * 70_000}},
        {"event": "log", "data": None},
    ]
    events = (
        NewEvent(kind=EventKind.WARNING, at=NOW, data=data),
        NewEvent(kind="stream", at=NOW, node="n", data=orjson.dumps(parts), covers=2),
    )
    chain.commit(store, chain.operation(events=events))
    warning, log, empty = [orjson.loads(event.encoded) for event in await read(store, chain, after=2)]
    assert warning["data"]["size"] == len(data)
    assert log["data"]["size"] == len(orjson.dumps(parts[0]["data"]))
    assert "data" not in empty
    assert empty["node"] == "n"
    async with store.readers.connect() as connection:
        assert await read_whole(connection, run_key=chain.key, seq=4) == orjson.dumps(parts[0]["data"])
        assert await read_whole(connection, run_key=chain.key, seq=3) == data


async def test_a_spilled_value_is_told_by_its_facts_and_never_by_a_tag(store: Store) -> None:
    chain = start_one(store, boot(store))
    value = orjson.dumps("z" * 400_000)
    reference = store.spill.shrink(value)
    chain.commit(store, chain.step(results=(result_row(update=b'{"text":' + reference + b"}"),)))
    event = next(event for event in await read(store, chain) if event.kind == "node_update")
    shown = orjson.loads(event.encoded)["data"]["update"]["text"]
    assert shown == {
        "size": len(value),
        "sha256": hashlib.sha256(value).hexdigest(),
        "preview": value.decode()[:200],
        "url": f"/api/runs/{chain.run_id}/events/3/update",
    }
    async with store.readers.connect() as connection:
        whole = await read_whole(connection, run_key=chain.key, seq=3)
    assert whole is not None
    assert store.spill.resolve_update(whole) == b'{"text":' + value + b"}"


async def test_the_feed_holds_all_runs_in_order_of_commit(store: Store) -> None:
    owner = boot(store)
    async with store.readers.connect() as connection:
        assert await last_cursor(connection) == 0
    for _ in range(3):
        accept(store)
    chains = [Chain(run, owner) for run in claim(store, owner)]
    for _ in range(3):
        group = [chain.step() for chain in chains]
        for chain, operation, answer in zip(chains, group, store.write_group(group), strict=True):
            chain.follow(operation, answer)
    chains[0].commit(store, chains[0].operation(events=(batch("a", "b"),)))
    seen: list[StoredEvent] = []
    async with store.readers.connect() as connection:
        while page := await read_feed(connection, after_cursor=seen[-1].cursor if seen else 0, limit=5):
            seen += page
        assert await last_cursor(connection) == seen[-1].cursor
    assert [event.cursor for event in seen] == sorted(event.cursor for event in seen)
    for chain in chains:
        assert [event.seq for event in seen if event.run_id == chain.run_id] == list(range(1, chain.seq + 1))
    assert orjson.loads(seen[-1].with_cursor())["cursor"] == seen[-1].cursor
    assert seen[-2].cursor == seen[-1].cursor
