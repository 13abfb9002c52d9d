"""Stores for tests, and a chain that runs in them without actors: boot a host, accept, claim, commit steps.

What is written here are the operations that the Writer gets from run actors; a step is one result, one checkpoint and
three events, as the chain's step really is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.clock import Clock
from fastgraph.database import tables
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.event_kinds import code_of
from fastgraph.database.host_records import PublishedWorkflow, PublishHost
from fastgraph.database.operations import Operation, Outcome
from fastgraph.database.records import (
    Accepted,
    AcceptRun,
    CheckpointRow,
    ClaimedRun,
    ClaimRuns,
    CommitRun,
    Committed,
    InterruptRow,
    NewEvent,
    ResultRow,
)
from fastgraph.database.store import Store
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.status import ENDED, RunStatus

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_123, tzinfo=UTC)
WORKFLOW = "chain"


def open_store(url: str, data_dir: Path, *, clock: Clock | None = None, **settings: Any) -> Store:
    """Open the store of a test and bring its schema up to date."""
    store = reopen_store(url, data_dir, clock=clock, **settings)
    store.migrate()
    return store


def reopen_store(url: str, data_dir: Path, *, clock: Clock | None = None, **settings: Any) -> Store:
    """Open a store that is up to date."""
    return Store.open(Settings(data_dir=data_dir, database_url=url, _env_file=None, **settings), clock=clock)


def write(store: Store, operation: Operation) -> Any:
    """Write one operation alone; raise what it was refused with."""
    [answer] = store.write_group([operation])
    if isinstance(answer, Exception):
        raise answer
    return answer


def answers(store: Store, operations: Sequence[Operation]) -> list[Outcome | Exception]:
    """Write a group and return its answers."""
    return store.write_group(operations)


def workflow(name: str = WORKFLOW, **changes: Any) -> PublishedWorkflow:
    """A workflow as a host publishes it."""
    published = PublishedWorkflow(
        name=name,
        description=f"{name} does things",
        graph_hash=f"hash of {name}",
        input_schema=b'{"type":"object"}',
        graph=b'{"nodes":[]}',
        mermaid="graph TD",
        is_default=False,
    )
    return replace(published, **changes)


def boot(
    store: Store,
    *workflows: str,
    lease_seconds: float = 3600,
    boot_id: str | None = None,
    parent: str | None = None,
) -> str:
    """Publish a host with these workflows and return its boot id."""
    boot_id = boot_id or new_id()
    write(
        store,
        PublishHost(
            boot_id=boot_id,
            pid=1,
            address="here",
            version="0.1",
            lease_seconds=lease_seconds,
            now=NOW,
            parent=parent,
            workflows=tuple(workflow(name) for name in workflows or (WORKFLOW,)),
        ),
    )
    return boot_id


def new_run(**changes: Any) -> AcceptRun:
    """A run to be accepted, in a thread of its own unless one is named."""
    run_id = changes.pop("run_id", None) or new_id()
    facts: dict[str, Any] = {
        "run_id": run_id,
        "name": "a run",
        "workflow": WORKFLOW,
        "thread_id": new_id(),
        "payload": b'{"input":"hello"}',
        "now": NOW,
    }
    return AcceptRun(**(facts | changes))


def accept(store: Store, **changes: Any) -> Accepted:
    """Accept a new run."""
    accepted: Accepted = write(store, new_run(**changes))
    return accepted


def claim(
    store: Store, boot_id: str, *, limit: int = 100, now: datetime = NOW, **changes: Any
) -> tuple[ClaimedRun, ...]:
    """Claim what can be claimed."""
    facts: dict[str, Any] = {"owner": boot_id, "workflows": (WORKFLOW,), "limit": limit, "now": now}
    claimed: tuple[ClaimedRun, ...] = write(store, ClaimRuns(**(facts | changes)))
    return claimed


def claim_one(store: Store, boot_id: str, **changes: Any) -> ClaimedRun:
    """Claim the only run there is to claim."""
    [claimed] = claim(store, boot_id, **changes)
    return claimed


def go_on(store: Store, claimed: ClaimedRun, owner: str) -> None:
    """Commit what a new owner does first: it tells that a task executes."""
    chain = Chain(claimed, owner)
    started = NewEvent(kind=EventKind.NODE_STARTED, at=NOW, node="crash")
    chain.commit(store, chain.operation(events=(started,)))


def start_one(store: Store, boot_id: str, **changes: Any) -> Chain:
    """Accept a run, claim it and commit its start."""
    accepted = accept(store, **changes)
    chain = Chain(claim_one(store, boot_id, workflows=(changes.get("workflow", WORKFLOW),)), boot_id)
    assert chain.claimed.run_id == accepted.run_id
    chain.commit(store, chain.started())
    return chain


class Chain:
    """A claimed run that goes step by step; `seq` and `number` follow what was committed."""

    def __init__(self, claimed: ClaimedRun, owner: str) -> None:
        self.claimed = claimed
        self.owner = owner
        self.seq = claimed.seq
        self.number = claimed.checkpoint_number

    @property
    def run_id(self) -> str:
        return self.claimed.run_id

    @property
    def key(self) -> int:
        return self.claimed.run_key

    def operation(self, **changes: Any) -> CommitRun:
        """A commit of this run with nothing in it but what is given."""
        facts: dict[str, Any] = {
            "run_key": self.claimed.run_key,
            "run_id": self.claimed.run_id,
            "thread_key": self.claimed.thread_key,
            "owner": self.owner,
            "epoch": self.claimed.epoch,
            "expected_seq": self.seq,
        }
        return CommitRun(**(facts | changes))

    def started(self) -> CommitRun:
        """The first commit: the run is running."""
        return self.operation(events=(NewEvent(kind=EventKind.STARTED, at=NOW),), status=RunStatus.RUNNING)

    def step(self, value: Any = "x", **changes: Any) -> CommitRun:
        """The next step: a node appended `value` to the key `log`, by reference."""
        seq = changes.get("expected_seq", self.seq)
        number = changes.pop("number", self.number)
        facts: dict[str, Any] = {
            "events": (
                NewEvent(kind=EventKind.NODE_UPDATE, at=NOW, node="append", result=0),
                NewEvent(kind=EventKind.CHECKPOINT, at=NOW, data=b'{"step":%d}' % number),
                NewEvent(kind=EventKind.NODE_STARTED, at=NOW, node="append"),
            ),
            "results": (result_row(number=number, update=orjson.dumps({"log": [value]})),),
            "checkpoint": checkpoint_row(number=number + 1, changes=b'{"log":["@a",%d]}' % (seq + 1)),
        }
        return self.operation(**(facts | changes))

    def completed(self, result: bytes = b'{"done":true}') -> CommitRun:
        """The last commit."""
        return self.operation(
            events=(NewEvent(kind=EventKind.COMPLETED, at=NOW),), status=RunStatus.COMPLETED, result=result
        )

    def commit(self, store: Store, operation: CommitRun) -> Committed:
        """Write a commit of this run alone, and follow it."""
        committed: Committed = write(store, operation)
        self.follow(operation, committed)
        return committed

    def follow(self, operation: CommitRun, committed: object) -> None:
        """Take over what a commit has changed."""
        assert isinstance(committed, Committed), committed
        self.seq = committed.seq
        if operation.checkpoint is not None:
            self.number = operation.checkpoint.number


def result_row(*, number: int = 0, update: bytes = b"{}", **changes: Any) -> ResultRow:
    """What a task wrote."""
    facts: dict[str, Any] = {"task_id": "0123456789abcdef01234567", "node": "append", "path": "pull:append"}
    return ResultRow(checkpoint_number=number, update=update, **(facts | changes))


def checkpoint_row(*, number: int, changes: bytes, **others: Any) -> CheckpointRow:
    """A checkpoint after the one before it."""
    facts: dict[str, Any] = {
        "parent": number - 1 or None,
        "step": number - 2,
        "machine": b'{"first_step":0}',
        "is_snapshot": False,
        "state_bytes": 100,
    }
    return CheckpointRow(number=number, changes=changes, **(facts | others))


def interrupt(chain: Chain, *names: str) -> CommitRun:
    """A commit with which a run stops and asks; each name is an interrupt of one task."""
    return chain.operation(
        events=(NewEvent(kind=EventKind.INTERRUPTED, at=NOW, node="ask"),),
        interrupts=tuple(
            InterruptRow(
                interrupt_id=name, task_id="task of ask", node="ask", position=place, value=b'"really?"'
            )
            for place, name in enumerate(names or ("question",))
        ),
        status=RunStatus.INTERRUPTED,
        release=True,
        seen_inbox=chain.claimed.inbox,
    )


async def find_faults(store: Store) -> list[str]:
    """Look at everything in a store that must hold together, and return a sentence for each fault."""
    faults: list[str] = []
    async with store.readers.connect() as connection:
        if connection.dialect.name == "sqlite":
            checked = (await connection.exec_driver_sql("PRAGMA integrity_check")).scalar_one()
            faults += [] if checked == "ok" else [f"integrity_check: {checked}"]
        for run in (await connection.execute(select(tables.runs))).all():
            faults += await _faults_of_run(connection, run)
            number, key = run.checkpoint, run.thread_key
            if number:
                found = await read_checkpoint(connection, thread_key=key, number=number, spill=store.spill)
                faults += [] if found is not None else [f"run {run.key} has no checkpoint {number}"]
    return faults


async def _faults_of_run(connection: AsyncConnection, run: Row[Any]) -> list[str]:
    of_run = tables.events.c.run_key == run.key
    rows = (await connection.execute(select(tables.events).where(of_run).order_by(tables.events.c.seq))).all()
    numbers = [n for row in rows for n in range(row.seq_from or row.seq, row.seq + 1)]
    told = [row.seq for row in rows if row.kind == code_of(EventKind.NODE_UPDATE)]
    kept = (
        select(tables.results.c.seq).where(tables.results.c.run_key == run.key).order_by(tables.results.c.seq)
    )
    results = [row.seq for row in await connection.execute(kept)]
    bodies = await connection.execute(select(tables.run_bodies).where(tables.run_bodies.c.run_key == run.key))
    faults = []
    if numbers != list(range(1, run.seq + 1)):
        faults.append(f"run {run.key} stands at {run.seq} and has events {numbers}")
    if told != results:
        faults.append(f"run {run.key} tells of results {told} and has {results}")
    if len(bodies.all()) != 1:
        faults.append(f"run {run.key} has no body")
    if (run.status in ENDED) and run.owner is not None:
        faults.append(f"run {run.key} has ended and has an owner")
    return faults
