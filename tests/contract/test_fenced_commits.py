"""The fenced commit: who is refused, what then stands in the store, and that nobody else is harmed."""

from dataclasses import replace

import orjson
import pytest
from sqlalchemy import func, select

from fastgraph.database import tables
from fastgraph.database.events import read_events
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.records import CommitRun, Committed, NewEvent, SendCommand, TerminateRun
from fastgraph.database.runs import find_run
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError, IllegalTransitionError, LostOwnershipError, StoreError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus
from support.stores import (
    NOW,
    WORKFLOW,
    Chain,
    accept,
    answers,
    boot,
    checkpoint_row,
    claim,
    claim_one,
    start_one,
    write,
)

pytestmark = pytest.mark.anyio


async def seqs_of(store: Store, chain: Chain) -> list[int]:
    async with store.readers.connect() as connection:
        found = await read_events(connection, run_key=chain.key, run_id=chain.run_id, after=0, limit=10_000)
    return [event.seq for event in found]


async def count(store: Store, name: str) -> int:
    async with store.readers.connect() as connection:
        counted: int = (
            await connection.execute(select(func.count()).select_from(tables.metadata.tables[name]))
        ).scalar_one()
    return counted


async def test_events_of_a_run_are_numbered_without_a_hole(store: Store) -> None:
    chain = start_one(store, boot(store))
    for _ in range(5):
        chain.commit(store, chain.step())
    chain.commit(store, chain.completed())
    assert await seqs_of(store, chain) == list(range(1, 2 + 1 + 15 + 1))


async def test_several_commits_of_one_run_chain_in_one_group(store: Store) -> None:
    chain = start_one(store, boot(store))
    group = [chain.step(n, expected_seq=chain.seq + 3 * n, number=chain.number + n) for n in range(10)]
    for operation, answer in zip(group, answers(store, group), strict=True):
        chain.follow(operation, answer)
    assert await seqs_of(store, chain) == list(range(1, 2 + 30 + 1))


async def test_commit_of_a_zombie_is_refused_and_nothing_of_it_is_written_while_others_pass(
    store: Store,
) -> None:
    old = boot(store)
    zombie = start_one(store, old)
    healthy = start_one(store, old)
    write(store, FreeDeadHost(boot_id=old, reason="killed", now=NOW))
    new = boot(store)
    claimed = {run.run_id: run for run in claim(store, new)}
    healthy = Chain(claimed[healthy.run_id], new)
    before = {name: await count(store, name) for name in ("events", "results", "checkpoints")}

    refused, passed = answers(store, [zombie.step(), healthy.step()])

    assert isinstance(refused, LostOwnershipError)
    assert refused.seen is not None
    assert refused.seen[0] == new
    assert isinstance(passed, Committed)
    after = {name: await count(store, name) for name in before}
    assert after == {
        "events": before["events"] + 3,
        "results": before["results"] + 1,
        "checkpoints": before["checkpoints"] + 1,
    }


async def test_a_commit_that_expects_another_number_is_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    [answer] = answers(store, [chain.step(expected_seq=chain.seq - 1)])
    assert isinstance(answer, LostOwnershipError)


async def test_a_commit_of_an_unknown_run_is_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    [answer] = answers(store, [replace(chain.step(), run_key=4711)])
    assert isinstance(answer, LostOwnershipError)
    assert answer.seen is None


async def test_nothing_can_be_committed_to_a_run_that_has_ended(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.completed())
    [answer] = answers(store, [chain.step()])
    assert isinstance(answer, LostOwnershipError)


async def test_an_illegal_transition_is_refused_and_changes_nothing(store: Store) -> None:
    chain = start_one(store, boot(store))
    back = chain.operation(events=(NewEvent(kind=EventKind.QUEUED, at=NOW),), status=RunStatus.QUEUED)
    [answer] = answers(store, [back])
    assert isinstance(answer, IllegalTransitionError)
    assert await seqs_of(store, chain) == [1, 2]


async def test_a_guilty_commit_is_found_by_halves_and_the_others_are_kept(store: Store) -> None:
    """Another error than a refusal, raised by the database itself."""
    owner = boot(store)
    chains = [start_one(store, owner) for _ in range(7)]
    group: list[CommitRun] = [chain.step() for chain in chains]
    chains[3].commit(store, group[3])
    group[3] = chains[3].step(checkpoint=checkpoint_row(number=1, changes=b"{}"))

    found = answers(store, group)

    assert isinstance(found[3], StoreError)
    assert not isinstance(found[3], LostOwnershipError)
    for place, (chain, operation) in enumerate(zip(chains, group, strict=True)):
        if place != 3:
            chain.follow(operation, found[place])
            assert await seqs_of(store, chain) == [1, 2, 3, 4, 5]
    assert await seqs_of(store, chains[3]) == [1, 2, 3, 4, 5]


async def test_a_commit_after_a_failed_one_of_the_same_group_is_no_lost_epoch(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.step())
    bad = chain.step(number=chain.number - 1)
    follower = chain.step(expected_seq=chain.seq + 3, number=chain.number + 1)

    first, second = answers(store, [bad, follower])

    assert isinstance(first, StoreError)
    assert isinstance(second, StoreError)
    assert not isinstance(first, LostOwnershipError)
    assert not isinstance(second, LostOwnershipError)


async def test_an_operation_that_contradicts_itself_harms_nobody_else(store: Store) -> None:
    owner = boot(store)
    good, bad = start_one(store, owner), start_one(store, owner)
    wrong, right = answers(store, [replace(bad.step(), events=()), good.step()])
    assert isinstance(wrong, ValueError)
    assert isinstance(right, Committed)


async def test_an_end_gives_up_owner_turn_and_what_waited(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner, thread_id="5c9f6a3e-0000-7000-8000-000000000001")
    chain.commit(store, chain.completed(b'{"answer":42}'))
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=chain.run_id)
        turn = (await connection.execute(select(tables.threads.c.turn))).scalar_one()
    assert run is not None
    assert (run.status, run.owner, run.result, run.finished_at) == ("completed", None, b'{"answer":42}', NOW)
    assert turn is None
    assert await count(store, "interrupts") == 0


async def test_started_at_is_the_first_start(store: Store) -> None:
    chain = start_one(store, boot(store))
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=chain.run_id)
    assert run is not None
    assert run.started_at == NOW


async def test_terminate_ends_a_run_whoever_owns_it_and_silences_the_owner(store: Store) -> None:
    chain = start_one(store, boot(store))
    error = orjson.dumps({"type": "Terminated", "message": "by hand"})
    ended = write(
        store,
        TerminateRun(
            run_id=chain.run_id,
            status=RunStatus.CANCELLED,
            kind=EventKind.CANCELLED,
            data=b'{"reason":"by hand"}',
            error=error,
            now=NOW,
        ),
    )
    [answer] = answers(store, [chain.step()])
    assert isinstance(answer, LostOwnershipError)
    assert ended.seq == 3
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=chain.run_id)
    assert run is not None
    assert (run.status, run.error, run.epoch) == ("cancelled", error, 2)


async def test_terminate_with_another_epoch_is_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    operation = TerminateRun(
        run_id=chain.run_id,
        status=RunStatus.QUARANTINED,
        kind=EventKind.QUARANTINED,
        data=None,
        error=b"{}",
        now=NOW,
        expected_epoch=chain.claimed.epoch + 1,
    )
    [answer] = answers(store, [operation])
    assert isinstance(answer, LostOwnershipError)


async def test_a_release_is_refused_while_the_inbox_has_grown(store: Store) -> None:
    """No lost wake-up: a command between the owner's last look and its release keeps the owner."""
    owner = boot(store)
    chain = start_one(store, owner)
    write(store, SendCommand(run_id=chain.run_id, kind="cancel", body=b"{}", now=NOW))
    release = chain.operation(release=True, seen_inbox=0, status=RunStatus.SLEEPING)
    [answer] = answers(store, [release])
    assert isinstance(answer, ConflictError)

    chain.commit(store, replace(release, seen_inbox=1))
    [again] = claim(store, owner)
    assert [command.kind for command in again.commands] == ["cancel"]


async def test_a_release_before_the_command_is_woken_by_it(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, chain.operation(release=True, seen_inbox=0, status=RunStatus.SLEEPING))
    assert claim(store, owner) == ()
    write(store, SendCommand(run_id=chain.run_id, kind="signal", body=b'{"name":"go"}', now=NOW))
    again = claim_one(store, owner)
    assert (again.inbox, again.consumed, again.commands[0].body) == (1, 0, b'{"name":"go"}')


async def test_results_set_the_count_of_deaths_back(store: Store) -> None:
    first = boot(store)
    chain = start_one(store, first)
    write(store, FreeDeadHost(boot_id=first, reason="killed", now=NOW))
    second = boot(store)
    again = Chain(claim_one(store, second), second)
    assert again.claimed.deaths == 1
    assert again.claimed.recovered_from == first
    assert again.claimed.recovered_reason == "killed"
    again.commit(store, again.step())
    write(store, FreeDeadHost(boot_id=second, reason="killed", now=NOW))
    third = boot(store)
    assert claim_one(store, third).deaths == 1
    assert chain.run_id == again.run_id


async def test_accepting_and_claiming_in_one_group_is_no_trouble(store: Store) -> None:
    owner = boot(store)
    accept(store)
    claimed = claim(store, owner, workflows=(WORKFLOW, "another"))
    assert len(claimed) == 1
