"""Claims and hosts: who may take what, what a death counts, and that a boot that is over stays over."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from fastgraph.database import tables
from fastgraph.database.host_records import FreeDeadHost, FreeRun, PublishHost, RenewLease, RetireHost
from fastgraph.database.hosts import list_hosts, list_lapsed
from fastgraph.database.records import ClaimRuns, NewEvent
from fastgraph.database.runs import count_by_status, count_stranded, find_oldest_queued, find_run
from fastgraph.database.store import Store
from fastgraph.database.suspects import list_suspects
from fastgraph.database.workflows import find_workflow, list_workflows
from fastgraph.errors import ConflictError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.stores import (
    NOW,
    Chain,
    accept,
    answers,
    boot,
    claim,
    claim_one,
    go_on,
    start_one,
    workflow,
    write,
)

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=5)


def free(boot_id: str, **changes: object) -> FreeDeadHost:
    return FreeDeadHost(boot_id=boot_id, reason="killed", now=NOW, **changes)  # type: ignore[arg-type] # by name


async def test_a_claim_takes_the_oldest_runs_of_its_workflows_only(store: Store) -> None:
    kept = [accept(store, workflow=name) for name in ("a", "b", "c", "a", "b", "a")]
    owner = boot(store, "a", "b")
    claimed = claim(store, owner, workflows=("a", "b"), limit=3)
    assert [run.run_id for run in claimed] == [kept[0].run_id, kept[1].run_id, kept[3].run_id]
    assert [run.run_id for run in claim(store, owner, workflows=("a", "b"))] == [
        kept[4].run_id,
        kept[5].run_id,
    ]
    assert claim(store, owner, workflows=()) == ()
    assert claimed[0].epoch == 1
    assert claimed[0].graph_hash == "hash of a"
    assert claimed[0].payload == b'{"input":"hello"}'


async def test_two_claims_in_one_group_take_different_runs(store: Store) -> None:
    for _ in range(4):
        accept(store)
    owners = [boot(store), boot(store)]
    first, second = answers(
        store, [ClaimRuns(owner=owner, workflows=("chain",), limit=4, now=NOW) for owner in owners]
    )
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert (len(first), len(second)) == (4, 0)


async def test_a_timer_wakes_a_run_when_it_is_due(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, chain.operation(status=RunStatus.SLEEPING, wake_at=LATER, release=True, seen_inbox=0))
    assert claim(store, owner) == ()
    assert claim_one(store, owner, now=LATER).run_id == chain.run_id


async def test_a_host_that_never_published_itself_can_not_claim(store: Store) -> None:
    accept(store)
    [answer] = answers(store, [ClaimRuns(owner=new_id(), workflows=("chain",), limit=1, now=NOW)])
    assert isinstance(answer, ConflictError)


async def test_a_boot_that_was_declared_dead_can_neither_claim_nor_renew_nor_publish(store: Store) -> None:
    owner = boot(store)
    accept(store)
    write(store, free(owner))
    claimed, renewed, published = answers(
        store,
        [
            ClaimRuns(owner=owner, workflows=("chain",), limit=1, now=NOW),
            RenewLease(boot_id=owner, lease_seconds=15, report=b"{}"),
            PublishHost(boot_id=owner, pid=1, address="", version="", lease_seconds=15, now=NOW),
        ],
    )
    assert isinstance(claimed, ConflictError)
    assert renewed is False
    assert isinstance(published, ConflictError)


async def test_a_dead_host_s_runs_are_free_at_once_and_only_executing_ones_count_a_death(
    store: Store,
) -> None:
    owner = boot(store)
    running = start_one(store, owner)
    queued = accept(store)
    assert claim_one(store, owner).run_id == queued.run_id

    freed = write(store, free(owner))
    assert sorted(freed) == sorted((running.run_id, queued.run_id))
    assert write(store, free(owner)) == ()

    again = {run.run_id: run for run in claim(store, boot(store))}
    assert (again[running.run_id].deaths, again[running.run_id].epoch) == (1, 3)
    assert (again[queued.run_id].deaths, again[queued.run_id].recovered_from) == (0, None)


async def test_a_host_that_ends_in_order_counts_no_death(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    assert write(store, RetireHost(boot_id=owner, now=NOW)) == (chain.run_id,)
    again = claim_one(store, boot(store))
    assert (again.deaths, again.recovered_from) == (0, owner)


async def test_a_second_death_in_a_row_is_for_a_host_of_its_own(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    write(store, free(owner))
    second = boot(store)
    go_on(store, claim_one(store, second), second)
    write(store, free(second))

    ordinary, probation = boot(store), boot(store)
    assert claim(store, ordinary) == ()
    async with store.readers.connect() as connection:
        assert await list_suspects(connection, workflows=("chain",), min_deaths=2, limit=9) == [chain.run_id]
        assert await list_suspects(connection, workflows=("other",), min_deaths=2, limit=9) == []
    assert claim_one(store, probation, only_run_id=chain.run_id).deaths == 2


async def test_a_run_is_innocent_of_the_death_of_a_host_that_had_not_gone_on_with_it(store: Store) -> None:
    """Nothing of it was executing there. Its second such death in a row counts: what a run does first may be fatal, too."""
    first, second, third, fourth = boot(store), boot(store), boot(store), boot(store)
    start_one(store, first)
    write(store, free(first))
    assert claim_one(store, second).deaths == 1
    write(store, free(second))
    again = claim_one(store, third)
    assert (again.deaths, again.recovered_from) == (1, second)
    assert again.recovered_reason == "killed, before it had gone on with the run"
    write(store, free(third))
    assert claim_one(store, fourth, only_run_id=again.run_id).deaths == 2


async def test_a_host_that_ends_in_order_is_no_death(store: Store) -> None:
    """Else the first death after it would be the second in a row."""
    first, second, third = boot(store), boot(store), boot(store)
    start_one(store, first)
    write(store, free(first))
    claim_one(store, second)
    write(store, RetireHost(boot_id=second, now=NOW))
    assert claim_one(store, third).recovered_reason == "the host has ended in order"
    write(store, free(third))
    assert claim_one(store, boot(store)).deaths == 1


async def test_the_third_death_in_a_row_quarantines_and_names_the_node(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    started = tuple(NewEvent(kind=EventKind.NODE_STARTED, at=NOW, node=node) for node in ("parse", "crash"))
    chain.commit(store, chain.step(events=(*chain.step().events[:2], *started)))
    told = NewEvent(kind=EventKind.NODE_UPDATE, at=NOW, node="parse", result=0)
    chain.commit(store, chain.step(events=(told,), checkpoint=None))
    for _ in range(2):
        write(store, free(owner))
        owner = boot(store)
        go_on(store, claim_one(store, owner, only_run_id=chain.run_id), owner)
    write(store, free(owner))
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=chain.run_id)
    assert run is not None
    assert run.status == "quarantined"
    assert run.error is not None
    error = orjson.loads(run.error)
    assert (error["type"], error["node"]) == ("Quarantined", "crash")
    assert "crash" in error["message"]
    assert "parse" not in error["message"]


async def test_a_dead_actor_s_run_is_given_back_with_a_pause(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    give_back = FreeRun(
        run_key=chain.key,
        owner=owner,
        epoch=chain.claimed.epoch,
        reason="its actor died",
        not_before=LATER,
        now=NOW,
    )
    assert answers(store, [give_back, give_back]) == [True, False]
    assert claim(store, owner) == ()
    again = Chain(claim_one(store, owner, now=LATER), owner)
    assert (again.claimed.deaths, again.claimed.recovered_reason) == (0, "its actor died")
    again.commit(store, again.step())


async def test_a_lease_lapses_by_the_database_s_time_and_can_be_renewed(store: Store) -> None:
    owner = boot(store, lease_seconds=-1)
    async with store.readers.connect() as connection:
        assert await list_lapsed(connection) == [owner]
        [host] = await list_hosts(connection)
        assert not host.is_alive
    assert write(store, RenewLease(boot_id=owner, lease_seconds=60, report=b'{"runs":0}')) is True
    async with store.readers.connect() as connection:
        assert await list_lapsed(connection) == []
        [host] = await list_hosts(connection)
    assert (host.is_alive, host.report) == (True, b'{"runs":0}')
    [answer] = answers(store, [free(owner, only_if_lapsed=True)])
    assert isinstance(answer, ConflictError)


async def test_stranded_runs_are_those_without_a_living_owner(store: Store) -> None:
    alive, lapsed = boot(store), boot(store, lease_seconds=-1)
    start_one(store, alive)
    async with store.readers.connect() as connection:
        assert await count_stranded(connection) == 0
    start_one(store, lapsed)
    async with store.readers.connect() as connection:
        assert await count_stranded(connection) == 1
        counts = await count_by_status(connection)
    assert counts[RunStatus.RUNNING] == 2


async def test_the_oldest_queued_run_is_found(store: Store) -> None:
    async with store.readers.connect() as connection:
        assert await find_oldest_queued(connection) is None
    first = accept(store)
    accept(store)
    async with store.readers.connect() as connection:
        found = await find_oldest_queued(connection)
    assert found is not None
    assert found.run_id == first.run_id


async def test_workflows_are_known_while_and_after_a_host_has_them(store: Store) -> None:
    def publish(boot_id: str, *names: str, default: str) -> None:
        published = tuple(workflow(name, is_default=name == default) for name in names)
        write(
            store,
            PublishHost(
                boot_id=boot_id, pid=1, address="", version="", lease_seconds=60, now=NOW, workflows=published
            ),
        )

    first, second = new_id(), new_id()
    publish(first, "a", "b", default="a")
    publish(second, "b", "c", default="c")
    async with store.readers.connect() as connection:
        found = {view.name: view for view in await list_workflows(connection)}
        default = await find_workflow(connection)
        assert await find_workflow(connection, name="z") is None
    assert {name: view.hosts for name, view in found.items()} == {
        "a": (first,),
        "b": tuple(sorted((first, second))),
        "c": (second,),
    }
    assert default is not None
    assert default.name == "c"
    write(store, RetireHost(boot_id=second, now=NOW))
    publish(first, "a", default="a")
    async with store.readers.connect() as connection:
        found = {view.name: view for view in await list_workflows(connection)}
        rows = (await connection.execute(select(tables.host_workflows.c.name))).all()
    assert [found[name].hosts for name in "abc"] == [(first,), (), ()]
    assert [row[0] for row in rows] == ["a"]
