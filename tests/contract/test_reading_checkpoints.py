"""Reading checkpoints: any state of a thread comes back whole, by reference, from files, over snapshots and forks."""

import copy
import random
from typing import Any

import orjson
import pytest
from sqlalchemy import event

from fastgraph.database.checkpoints import list_checkpoints, read_checkpoint, read_pending_results
from fastgraph.database.store import Store
from fastgraph.database.threads import find_thread
from fastgraph.errors import StoreError
from fastgraph.state.changes import apply_change
from support.stores import Chain, boot, checkpoint_row, result_row, start_one

pytestmark = pytest.mark.anyio

KEYS = ("log", "text", "facts", "count")


async def state(store: Store, chain: Chain, number: int | None = None) -> dict[str, Any]:
    async with store.readers.connect() as connection:
        found = await read_checkpoint(
            connection, thread_key=chain.claimed.thread_key, number=number, spill=store.spill
        )
    assert found is not None
    return {key: orjson.loads(value) for key, value in found.values.items()}


def random_change(chance: random.Random, key: str, tree: Any) -> list[Any]:
    """A change that may follow `tree`."""
    if chance.random() < 0.1:
        return ["drop"]
    word = "".join(chance.choice('abc\u00e4"') for _ in range(chance.randint(0, 5)))
    if key == "log":
        items = [word, chance.random(), None][: chance.randint(0, 3)]
        return ["append", items] if isinstance(tree, list) else ["set", items]
    if key == "text":
        return ["append", word] if isinstance(tree, str) else ["set", word]
    if key == "facts" and isinstance(tree, dict):
        removed = [name for name in tree if chance.random() < 0.3]
        return ["merge", {word: chance.randint(-5, 5)}, *([removed] if removed else [])]
    return ["set", {word: 1}] if key == "facts" else ["set", chance.randint(0, 2**60)]


@pytest.mark.parametrize("seed", range(4))
async def test_every_checkpoint_of_a_random_history_comes_back(store: Store, seed: int) -> None:
    """With snapshots, with references to results, and with forks that leave an older checkpoint."""
    chance = random.Random(seed)
    chain = start_one(store, boot(store))
    states: dict[int, dict[str, Any]] = {0: {}}
    for number in range(1, 31):
        parent = chance.choice(list(states)) if chance.random() < 0.2 else number - 1
        after = copy.deepcopy(states[parent])
        update: dict[str, Any] = {}
        changes: dict[str, list[Any]] = {}
        for key in KEYS:
            if chance.random() < 0.5:
                continue
            change = random_change(chance, key, after.get(key))
            tree = apply_change(copy.deepcopy(after.get(key)), copy.deepcopy(change))
            after.pop(key, None) if change[0] == "drop" else after.update({key: tree})
            changes[key] = change
            if change[0] in {"set", "append"} and chance.random() < 0.5:
                update[key] = change[1]
                changes[key] = ["@" if change[0] == "set" else "@a", chain.seq + 1]
        is_snapshot = chance.random() < 0.15
        if is_snapshot:
            changes = {key: ["set", value] for key, value in after.items()}
        states[number] = after
        row = checkpoint_row(
            number=number, changes=orjson.dumps(changes), parent=parent or None, is_snapshot=is_snapshot
        )
        step = chain.step(checkpoint=row, results=(result_row(update=orjson.dumps(update)),))
        chain.commit(store, step)
    for number in range(1, 31):
        assert await state(store, chain, number) == states[number], number
    assert await state(store, chain) == states[30]


async def test_an_unknown_checkpoint_is_none(store: Store) -> None:
    chain = start_one(store, boot(store))
    async with store.readers.connect() as connection:
        key = chain.claimed.thread_key
        assert await read_checkpoint(connection, thread_key=key, spill=store.spill) is None
        assert await read_checkpoint(connection, thread_key=key, number=3, spill=store.spill) is None


async def test_a_value_that_was_written_twice_in_a_task_is_found(store: Store) -> None:
    chain = start_one(store, boot(store))
    update = b'[{"log":["a"]},{"other":1}]'
    chain.commit(store, chain.step(results=(result_row(update=update),)))
    assert await state(store, chain) == {"log": ["a"]}


async def test_spilled_values_and_snapshots_come_back_from_their_files(store: Store) -> None:
    chain = start_one(store, boot(store))
    large = orjson.dumps(["v" * 300_000])
    update = b'{"log":' + store.spill.shrink(large) + b"}"
    assert len(update) < 1_000
    chain.commit(store, chain.step(results=(result_row(update=update),)))
    assert (await state(store, chain))["log"] == orjson.loads(large)

    chain.commit(store, chain.step("w"))
    snapshot = orjson.dumps({"log": ["set", ["s" * 400_000]]})
    kept = store.spill.shrink_snapshot(snapshot)
    row = checkpoint_row(number=chain.number + 1, changes=kept, is_snapshot=True)
    chain.commit(store, chain.step(checkpoint=row))
    assert await state(store, chain) == {"log": ["s" * 400_000]}
    assert (await state(store, chain, 2))["log"] == [*orjson.loads(large), "w"]

    async with store.readers.connect() as connection:
        [pending] = await read_pending_results(
            connection, run_key=chain.key, checkpoint_number=0, spill=store.spill
        )
    assert orjson.loads(pending.update) == {"log": orjson.loads(large)}


async def test_a_missing_result_is_named(store: Store) -> None:
    chain = start_one(store, boot(store))
    row = checkpoint_row(number=1, changes=b'{"log":["@",4711]}')
    chain.commit(store, chain.step(checkpoint=row))
    with pytest.raises(StoreError, match="event 4711"):
        await state(store, chain)


async def test_results_after_the_last_checkpoint_are_pending(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.step())
    first, second = chain.step("a", checkpoint=None), chain.step("b", checkpoint=None)
    chain.commit(store, first)
    chain.commit(
        store,
        chain.operation(events=second.events, results=(result_row(number=1, routing=b'{"goto":["n"]}'),)),
    )
    async with store.readers.connect() as connection:
        pending = await read_pending_results(
            connection, run_key=chain.key, checkpoint_number=1, spill=store.spill
        )
    assert [(result.seq, result.checkpoint_number) for result in pending] == [(6, 1), (9, 1)]
    assert pending[0].update == b'{"log":["a"]}'
    assert pending[1].routing == b'{"goto":["n"]}'


async def test_checkpoints_are_listed_newest_first(store: Store) -> None:
    thread_id = "018f0000-0000-7000-8000-000000000007"
    owner = boot(store)
    chain = start_one(store, owner, thread_id=thread_id)
    for _ in range(5):
        chain.commit(store, chain.step())
    key = chain.claimed.thread_key
    async with store.readers.connect() as connection:
        first = await list_checkpoints(connection, thread_key=key, limit=2)
        second = await list_checkpoints(connection, thread_key=key, before=first.next_before, limit=10)
        thread = await find_thread(connection, thread_id=thread_id)
    assert [view.number for view in (*first.checkpoints, *second.checkpoints)] == [5, 4, 3, 2, 1]
    assert (first.total, second.next_before) == (5, None)
    assert thread is not None
    assert (thread.turn_run_id, thread.checkpoint_number) == (chain.run_id, 5)


async def test_the_next_run_of_a_thread_reads_results_of_the_one_before(store: Store) -> None:
    owner, thread_id = boot(store), "018f0000-0000-7000-8000-000000000008"
    first = start_one(store, owner, thread_id=thread_id)
    first.commit(store, first.step("a"))
    first.commit(store, first.completed())
    second = start_one(store, owner, thread_id=thread_id)
    second.commit(store, second.step("b"))
    assert await state(store, second) == {"log": ["a", "b"]}


async def test_values_that_were_replaced_are_not_fetched(store: Store) -> None:
    """A state of one small value costs little, however many large ones it had before."""
    chain = start_one(store, boot(store))
    for _ in range(20):
        seq = chain.seq + 1
        row = checkpoint_row(number=chain.number + 1, changes=b'{"log":["@",%d]}' % seq)
        chain.commit(store, chain.step("x" * 50_000, checkpoint=row))
    fetched: list[int] = []

    def count(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if 'results."update"' in statement or "results.update" in statement:
            fetched.append(len(parameters) - 1)

    event.listen(store.readers.sync_engine, "before_cursor_execute", count)
    assert len((await state(store, chain))["log"][0]) == 50_000
    assert fetched == [1]
