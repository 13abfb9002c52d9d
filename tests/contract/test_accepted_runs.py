"""Accepting: twice the same request is one run, a thread has one active run, an interrupted one gives way."""

import asyncio

import pytest

from fastgraph.database.events import read_events
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.records import Accepted, SendCommand
from fastgraph.database.runs import RunFilters, find_run, list_runs
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError
from fastgraph.ids import new_id
from support.stores import (
    NOW,
    Chain,
    accept,
    answers,
    boot,
    claim,
    claim_one,
    interrupt,
    new_run,
    start_one,
    write,
)

pytestmark = pytest.mark.anyio


async def test_an_accepted_run_is_queued_with_its_first_event(store: Store) -> None:
    accepted = accept(store, tags=("b", "a", "b"), context=b'{"user":1}', config=b'{"recursion_limit":5}')
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=accepted.run_id)
        events = await read_events(
            connection, run_key=accepted.run_key, run_id=accepted.run_id, after=0, limit=10
        )
    assert run is not None
    assert (run.status, run.seq, run.payload, run.tags) == (
        "queued",
        1,
        b'{"input":"hello"}',
        ("b", "a", "b"),
    )
    assert (run.context, run.config, run.created_at) == (b'{"user":1}', b'{"recursion_limit":5}', NOW)
    assert run.waiting_for == "a host that has workflow 'chain'; no living one has it"
    assert [(event.seq, event.kind) for event in events] == [(1, "queued")]


async def test_the_same_request_twice_is_one_run(store: Store) -> None:
    first = accept(store, idempotency_key="order 7", request_hash="a")
    second = accept(store, idempotency_key="order 7", request_hash="a")
    assert second == Accepted(run_id=first.run_id, run_key=first.run_key, is_new=False)


async def test_the_same_request_twice_in_one_group_is_one_run(store: Store) -> None:
    first, second = answers(store, [new_run(idempotency_key="k", request_hash="a") for _ in range(2)])
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (first.run_id, first.is_new, second.is_new) == (second.run_id, True, False)


async def test_the_same_key_with_another_request_is_refused(store: Store) -> None:
    accept(store, idempotency_key="k", request_hash="a")
    [answer] = answers(store, [new_run(idempotency_key="k", request_hash="b")])
    assert isinstance(answer, ConflictError)
    async with store.readers.connect() as connection:
        assert (await list_runs(connection, filters=RunFilters())).total == 1


async def test_the_next_run_of_a_thread_waits_for_its_turn(store: Store) -> None:
    owner, thread_id = boot(store), new_id()
    first = accept(store, thread_id=thread_id)
    second = accept(store, thread_id=thread_id)
    chain = Chain(claim_one(store, owner), owner)
    assert chain.run_id == first.run_id
    assert claim(store, owner) == ()
    async with store.readers.connect() as connection:
        waiting = await find_run(connection, run_id=second.run_id)
    assert waiting is not None
    assert waiting.waiting_for == f"its turn in thread {thread_id}, which run {first.run_id} has"

    chain.commit(store, chain.started())
    chain.commit(store, chain.step())
    chain.commit(store, chain.completed())
    claimed = claim_one(store, owner)
    assert (claimed.run_id, claimed.base_checkpoint, claimed.checkpoint_number) == (second.run_id, 1, 1)


async def test_a_run_that_wants_a_free_thread_is_refused_while_another_is_active(store: Store) -> None:
    thread_id = new_id()
    accept(store, thread_id=thread_id)
    [answer] = answers(store, [new_run(thread_id=thread_id, on_busy_thread="reject")])
    assert isinstance(answer, ConflictError)
    assert isinstance(answers(store, [new_run(on_busy_thread="reject")])[0], Accepted)


async def test_two_runs_that_want_the_same_free_thread_in_one_group_do_not_both_get_it(store: Store) -> None:
    thread_id = new_id()
    first, second = answers(store, [new_run(thread_id=thread_id, on_busy_thread="reject") for _ in range(2)])
    assert isinstance(first, Accepted)
    assert isinstance(second, ConflictError)


async def test_a_new_input_supersedes_an_interrupted_run(store: Store) -> None:
    owner, thread_id = boot(store), new_id()
    chain = start_one(store, owner, thread_id=thread_id)
    chain.commit(store, interrupt(chain))
    accepted = accept(store, thread_id=thread_id, on_busy_thread="reject")
    assert accepted.superseded == (chain.run_id,)
    async with store.readers.connect() as connection:
        ended = await find_run(connection, run_id=chain.run_id)
        events = await read_events(
            connection, run_key=chain.key, run_id=chain.run_id, after=chain.seq, limit=10
        )
    assert ended is not None
    assert ended.status == "cancelled"
    assert [event.kind for event in events] == ["cancelled"]
    assert b'"data":{"reason":"superseded"}' in events[0].encoded
    assert claim_one(store, owner).run_id == accepted.run_id


async def test_an_interrupted_run_with_an_answer_under_way_is_not_superseded(store: Store) -> None:
    owner, thread_id = boot(store), new_id()
    chain = start_one(store, owner, thread_id=thread_id)
    chain.commit(store, interrupt(chain))
    write(store, SendCommand(run_id=chain.run_id, kind="resume", body=b'{"resume":true}', now=NOW))
    assert accept(store, thread_id=thread_id).superseded == ()
    assert claim_one(store, owner).run_id == chain.run_id


async def test_a_run_that_was_queued_first_supersedes_when_it_is_claimed(store: Store) -> None:
    """The input came while the run before it was still running; then that one stopped to ask."""
    owner, thread_id = boot(store), new_id()
    chain = start_one(store, owner, thread_id=thread_id)
    queued = accept(store, thread_id=thread_id)
    chain.commit(store, interrupt(chain))
    assert claim_one(store, owner).run_id == queued.run_id
    async with store.readers.connect() as connection:
        ended = await find_run(connection, run_id=chain.run_id)
    assert ended is not None
    assert ended.status == "cancelled"


async def test_writers_that_accept_into_one_thread_at_once_all_get_their_run(
    store: Store, store_url: str
) -> None:
    """Both make the thread that neither found, and both want the same idempotency key."""
    from support.stores import open_store

    thread_id = new_id()
    others = [open_store(store_url, store.data_dir) for _ in range(3)]
    try:
        groups = await asyncio.gather(
            *(
                asyncio.to_thread(
                    other.write_group,
                    [
                        new_run(thread_id=thread_id, idempotency_key=f"k{n}", request_hash="h")
                        for n in range(20)
                    ],
                )
                for other in others
            )
        )
    finally:
        for other in others:
            await other.close()
    found = {answer.run_id for group in groups for answer in group if isinstance(answer, Accepted)}
    assert all(isinstance(answer, Accepted) for group in groups for answer in group)
    assert len(found) == 20


async def test_a_run_taken_up_again_keeps_its_base_checkpoint(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, chain.step())
    write(store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    again = claim_one(store, boot(store))
    assert (again.base_checkpoint, again.checkpoint_number, again.status) == (0, 1, "running")


async def test_runs_are_listed_newest_first_and_filtered(store: Store) -> None:
    thread_id = new_id()
    kept = [
        accept(store, name=f"n{n % 2}", tags=(f"t{n}",), thread_id=thread_id if n < 3 else new_id())
        for n in range(7)
    ]
    newest_first = [run.run_id for run in reversed(kept)]
    async with store.readers.connect() as connection:
        first = await list_runs(connection, filters=RunFilters(), limit=3)
        second = await list_runs(connection, filters=RunFilters(), before=first.next_before, limit=10)
        by_name = await list_runs(connection, filters=RunFilters(name="n0"))
        by_tag = await list_runs(connection, filters=RunFilters(tag="t5"))
        by_thread = await list_runs(connection, filters=RunFilters(thread_id=thread_id, statuses=("queued",)))
        later = await list_runs(connection, filters=RunFilters(created_after=NOW, workflow="chain"))
        none = await list_runs(connection, filters=RunFilters(statuses=("running", "failed")))
    assert [run.run_id for run in (*first.runs, *second.runs)] == newest_first
    assert (first.total, second.total, second.next_before) == (7, 7, None)
    assert by_name.total == 4
    assert [run.run_id for run in by_tag.runs] == [kept[5].run_id]
    assert by_thread.total == 3
    assert (later.total, none.total) == (0, 0)
