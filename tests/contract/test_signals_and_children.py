"""Signals, child runs, waits, records and nested lineages in the store, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from fastgraph.database.children import list_bound, list_children, read_outcomes
from fastgraph.database.deadlines import list_overdue
from fastgraph.database.inbox import read_unconsumed
from fastgraph.database.interrupts import list_pending
from fastgraph.database.nested import (
    OpenLineage,
    find_lineage,
    list_records,
    read_nested_results,
    read_record,
)
from fastgraph.database.records import (
    Committed,
    InterruptRow,
    NewEvent,
    SendCommand,
    SendSignal,
    TaskRecordRow,
    TerminateRun,
)
from fastgraph.database.runs import find_run
from fastgraph.database.signals import read_signals
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError, RunNotFoundError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.stores import (
    NOW,
    Chain,
    accept,
    answers,
    boot,
    checkpoint_row,
    claim_one,
    result_row,
    start_one,
    write,
)

pytestmark = pytest.mark.anyio


def signal(run_id: str, body: bytes, dedup_id: str | None = None, name: str = "go") -> SendSignal:
    return SendSignal(run_id=run_id, name=name, body=body, dedup_id=dedup_id, now=NOW)


async def free_signals(store: Store, run_key: int) -> list[tuple[int, str, bytes]]:
    async with store.readers.connect() as connection:
        return [(row.number, row.name, row.body) for row in await read_signals(connection, run_key=run_key)]


async def test_a_signal_is_a_row_and_a_command_and_its_dedup_id_counts_once(store: Store) -> None:
    chain = start_one(store, boot(store))
    group = answers(
        store, [signal(chain.run_id, b"1", "a"), signal(chain.run_id, b"2", "a"), signal(chain.run_id, b"3")]
    )
    assert [answer.inbox for answer in group if isinstance(answer, Committed)] == [1, 1, 2]
    assert write(store, signal(chain.run_id, b"4", "a")).inbox == 2
    assert await free_signals(store, chain.key) == [(1, "go", b"1"), (2, "go", b"3")]
    async with store.readers.connect() as connection:
        rows = await read_unconsumed(connection, run_key=chain.key, consumed=0)
    assert [(row.kind, orjson.loads(row.body)["number"]) for row in rows] == [("signal", 1), ("signal", 2)]


async def test_a_taken_signal_is_not_free_and_is_still_known(store: Store) -> None:
    chain = start_one(store, boot(store))
    write(store, signal(chain.run_id, b"1", "a"))
    wait = InterruptRow(
        interrupt_id="w",
        task_id="t",
        node="n",
        position=0,
        value=b"null",
        kind="signal",
        name="go",
        due_at=NOW,
    )
    chain.commit(store, chain.operation(interrupts=(wait,)))
    async with store.readers.connect() as connection:
        assert await list_pending(connection, run_key=chain.key) == []
        [pending] = await list_pending(connection, run_key=chain.key, kind="signal")
    assert (pending.name, pending.due_at, pending.kind) == ("go", NOW, "signal")
    taken = chain.operation(
        answered=(("w", None), ("w", b'{"came":1}')), taken_signals=((1, "w"),), consumed=1
    )
    chain.commit(store, taken)
    assert await free_signals(store, chain.key) == []
    write(store, signal(chain.run_id, b"2", "a"))
    assert await free_signals(store, chain.key) == []
    async with store.readers.connect() as connection:
        assert await list_pending(connection, run_key=chain.key, kind="signal") == []


async def test_signals_to_unknown_and_ended_runs_are_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    write(store, signal(chain.run_id, b"1"))
    chain.commit(store, chain.completed())
    assert await free_signals(store, chain.key) == []
    unknown, ended = answers(store, [signal(new_id(), b"1"), signal(chain.run_id, b"1")])
    assert isinstance(unknown, RunNotFoundError)
    assert isinstance(ended, ConflictError)


async def test_each_end_of_a_child_is_told_to_its_parent_in_the_same_transaction(store: Store) -> None:
    host = boot(store)
    parent = start_one(store, host)
    ends = []
    for how in ("commit", "terminate", "cancel"):
        child = accept(store, parent_run_key=parent.key, parent_close_policy="abandon")
        if how == "commit":
            chain = Chain(claim_one(store, host), host)
            assert chain.claimed.parent_run_key == parent.key
            chain.commit(store, chain.started())
            operation: object = chain.operation(
                events=(NewEvent(kind=EventKind.COMPLETED, at=NOW),),
                status=RunStatus.COMPLETED,
                result=b"{}",
                parent_run_key=parent.key,
            )
        elif how == "terminate":
            operation = TerminateRun(
                run_id=child.run_id,
                status=RunStatus.CANCELLED,
                kind=EventKind.CANCELLED,
                data=None,
                error=None,
                now=NOW,
            )
        else:
            operation = SendCommand(run_id=child.run_id, kind="cancel", body=b"{}", now=NOW)
        assert write(store, operation).woken == parent.key  # type: ignore[arg-type]  # each is an operation
        ends.append(child.run_id)
    async with store.readers.connect() as connection:
        rows = await read_unconsumed(connection, run_key=parent.key, consumed=0)
        children = await list_children(connection, run_keys=[parent.key])
        outcomes = await read_outcomes(connection, run_ids=[*ends, new_id()])
    assert [(row.kind, orjson.loads(row.body)["run_id"]) for row in rows] == [
        ("child_ended", run_id) for run_id in ends
    ]
    assert children == {parent.key: ends}
    assert {outcome.status for outcome in outcomes.values()} == {"completed", "cancelled"}


async def test_only_children_that_may_not_outlive_their_parent_are_bound(store: Store) -> None:
    parent = start_one(store, boot(store))
    made = {
        policy: accept(store, parent_run_key=parent.key, parent_close_policy=policy).run_id
        for policy in ("abandon", "cancel", "terminate")
    }
    async with store.readers.connect() as connection:
        assert await list_bound(connection) == []
    parent.commit(store, parent.completed())
    async with store.readers.connect() as connection:
        bound = await list_bound(connection)
    assert {child.run_id: child.policy for child in bound} == {
        made["cancel"]: "cancel",
        made["terminate"]: "terminate",
    }
    assert {child.parent_run_id for child in bound} == {parent.run_id}
    write(store, SendCommand(run_id=made["cancel"], kind="cancel", body=b"{}", now=NOW))
    async with store.readers.connect() as connection:
        assert [child.run_id for child in await list_bound(connection)] == [made["terminate"]]


async def test_overdue_runs_are_found_and_owners_have_a_grace(store: Store) -> None:
    deadline = datetime.now(UTC)
    owned = start_one(store, boot(store), deadline_at=deadline)
    assert owned.claimed.deadline_at == deadline
    queued = accept(store, deadline_at=deadline)
    accept(store, deadline_at=deadline + timedelta(days=1))
    accept(store)
    async with store.readers.connect() as connection:
        at_once = await list_overdue(connection, now=deadline, owner_grace_seconds=10)
        later = await list_overdue(connection, now=deadline + timedelta(seconds=10), owner_grace_seconds=10)
    assert [run.run_id for run in at_once] == [queued.run_id]
    assert {run.run_id for run in later} == {queued.run_id, owned.run_id}


async def test_records_are_kept_and_replaced_until_the_run_ends(store: Store) -> None:
    chain = start_one(store, boot(store))
    rows = tuple(
        TaskRecordRow(task_id="t", record_key=key, value=value)
        for key, value in (
            ("call:0", b"1"),
            ("call:1", b"2"),
            ("call:0", b"3"),
            ("other", b"4"),
        )
    )
    chain.commit(store, chain.operation(records=rows))
    async with store.readers.connect() as connection:
        assert await read_record(connection, run_key=chain.key, task_id="t", record_key="call:0") == b"3"
        listed = await list_records(connection, run_key=chain.key, task_id="t", prefix="call:")
    assert listed == {"call:0": b"3", "call:1": b"2"}
    chain.commit(store, chain.completed())
    async with store.readers.connect() as connection:
        assert await read_record(connection, run_key=chain.key, task_id="t", record_key="other") is None


async def test_a_nested_lineage_has_one_row_and_its_results_are_not_the_runs(store: Store) -> None:
    chain = start_one(store, boot(store))
    place = {"parent_key": chain.claimed.thread_key, "namespace": "inner:1"}
    operation = OpenLineage(thread_id=chain.claimed.thread_id, now=NOW, **place)  # type: ignore[arg-type]
    key = write(store, operation)
    assert write(store, operation) == key
    chain.commit(store, chain.step())
    nested = checkpoint_row(number=1, changes=b'{"x":["set",1]}', namespace="inner:1")
    result = result_row(number=1, update=b'{"x":2}', namespace="inner:1", task_id="inner task")
    event = NewEvent(kind=EventKind.NODE_UPDATE, at=NOW, node="n", result=0)
    chain.commit(store, chain.operation(events=(event,), results=(result,), nested=((key, nested),)))
    async with store.readers.connect() as connection:
        assert await find_lineage(connection, **place) == key  # type: ignore[arg-type]
        [found] = await read_nested_results(
            connection,
            run_key=chain.key,
            thread_key=chain.claimed.thread_key,
            namespace="inner:1",
            number=1,
        )
    assert (found.task_id, found.update) == ("inner task", b'{"x":2}')
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=chain.run_id)
    assert run is not None
    assert run.checkpoint_number == 1
