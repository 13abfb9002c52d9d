"""Retention: what is over its time goes, with all that hangs on it and its space; what is kept stays; no kill harms."""

import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from actors.timekeeper.retention import remove_expired
from fastgraph.database import tables
from fastgraph.database.expiry import EVENTS_A_BATCH, ExpireRun, KeepRun, list_expired
from fastgraph.database.host_records import RetireHost
from fastgraph.database.records import ArtifactRow, DeleteRun, NewEvent
from fastgraph.database.runs import find_run
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.retention import Retention
from fastgraph.status import RunStatus
from support.boots import House
from support.programs import ProgramStarter
from support.serving import Serving
from support.small_flows import chain
from support.stores import NOW, Chain, boot, find_faults, open_store, start_one, write
from support.waiting import until

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(store_url, tmp_path / "data")
    yield opened
    await opened.close()


def ended(
    store: Store, owner: str, *, status: RunStatus = RunStatus.COMPLETED, events: int = 0, **facts: Any
) -> Chain:
    """A run that ended at NOW, after so many events beside its own three."""
    chain = start_one(store, owner, **facts)
    for _ in range(0, events, 500):
        batch = tuple(
            NewEvent(kind=EventKind.LOG, at=NOW, data=b'{"text":"%s"}' % (b"x" * 200)) for _ in range(500)
        )
        chain.commit(store, chain.operation(events=batch))
    last = NewEvent(kind=EventKind(str(status)), at=NOW)
    chain.commit(
        store, chain.operation(events=(last,), status=status, error=None if status == "completed" else b"{}")
    )
    return chain


def expire(store: Store, run_id: str) -> int:
    """Remove a run as the timekeeper does; return in how many transactions."""
    transactions = 1
    while not write(store, ExpireRun(run_id=run_id, finished_before=NOW)):
        transactions += 1
    return transactions


async def ids(store: Store, retention: str, *, days: float) -> set[str]:
    """The runs that are due so many days after NOW."""
    async with store.readers.connect() as connection:
        now = NOW + days * DAY
        return {run.run_id for run in await list_expired(connection, Retention.parse(retention), now=now)}


async def exists(store: Store, run_id: str) -> bool:
    async with store.readers.connect() as connection:
        return await find_run(connection, run_id=run_id) is not None


async def count(store: Store, name: str) -> int:
    async with store.readers.connect() as connection:
        found: int = (
            await connection.execute(select(func.count()).select_from(tables.metadata.tables[name]))
        ).scalar_one()
        return found


async def test_each_status_and_each_workflow_has_its_own_time(store: Store) -> None:
    owner = boot(store, "chain", "text-report")
    done = ended(store, owner).run_id
    failed = ended(store, owner, status=RunStatus.FAILED).run_id
    ended(store, owner, status=RunStatus.QUARANTINED, workflow="text-report")
    report = ended(store, owner, workflow="text-report").run_id
    start_one(store, owner)
    rules = "completed=7,failed=90,quarantined=never,text-report=3"
    assert await ids(store, rules, days=2.9) == set()
    assert await ids(store, rules, days=3) == {report}
    assert await ids(store, rules, days=7) == {report, done}
    assert await ids(store, rules, days=90) == {report, done, failed}
    assert await ids(store, "30,text-report=never", days=36_000) == {done, failed}
    assert await ids(store, "", days=36_000) == set()


async def test_what_is_kept_by_hand_stays_and_can_not_be_deleted(store: Store) -> None:
    owner = boot(store)
    kept, other = ended(store, owner).run_id, ended(store, owner).run_id
    write(store, KeepRun(run_id=kept, is_kept=True, now=NOW))
    write(store, KeepRun(run_id=kept, is_kept=True, now=NOW + DAY))
    assert await ids(store, "1", days=2) == {other}
    expire(store, kept)  # a page that was read before it was kept
    expire(store, other)
    assert (await exists(store, kept), await exists(store, other)) == (True, False)
    with pytest.raises(ConflictError, match="unkeep"):
        write(store, DeleteRun(run_id=kept))
    write(store, KeepRun(run_id=kept, is_kept=False, now=NOW))
    assert await ids(store, "1", days=2) == {kept}
    write(store, DeleteRun(run_id=kept))
    assert not await exists(store, kept)


async def test_a_large_run_goes_in_small_transactions_and_a_running_one_is_not_touched(store: Store) -> None:
    owner = boot(store)
    large = ended(store, owner, events=3 * EVENTS_A_BATCH)
    running = start_one(store, owner)
    assert write(store, ExpireRun(run_id=large.run_id, finished_before=NOW)) is False
    assert await count(store, "events") == 2 * EVENTS_A_BATCH + 3 + 2  # its last ones, and those of the other
    assert expire(store, large.run_id) == 3
    expire(store, running.run_id)
    assert await count(store, "events") == 2
    running.commit(store, running.step())
    assert await find_faults(store) == []


async def test_files_of_removed_runs_are_swept(store: Store) -> None:
    blob = store.blobs.put(b"an artifact").sha256
    row = ArtifactRow(artifact_id=new_id(), name="n", media_type="text/plain", size=1, sha256=blob)
    chain = start_one(store, boot(store))
    value = b'{"log":' + store.spill.shrink(b'"%s"' % (b"v" * 300_000)) + b"}"
    step = chain.step(artifacts=(row,))
    chain.commit(
        store,
        chain.operation(
            events=step.events,
            artifacts=step.artifacts,
            checkpoint=step.checkpoint,
            results=(
                type(step.results[0])(checkpoint_number=0, update=value, task_id="t", node="n", path="p"),
            ),
        ),
    )
    chain.commit(store, chain.completed())
    for folder in (store.blobs.folder, store.states.folder):
        for path in folder.rglob("*"):
            os.utime(path, (time.time() - 7_200,) * 2)
    assert store.sweep() == 0
    expire(store, chain.run_id)
    assert store.sweep() == 2


async def test_retention_bounds_db(tmp_path: Path) -> None:
    """Wave after wave of runs comes and goes: the file stays as large as one wave, and is small when all are gone."""
    house = House.open(
        f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path / "data", sqlite_synchronous="NORMAL"
    )
    try:
        host = await house.boot(chain("idle", lambda state: {}))
        owner, sizes = boot(house.store), []
        for _ in range(4):
            for _ in range(12):
                ended(house.store, owner, events=1_000, payload=b'{"input":"%s"}' % (b"p" * 20_000))
            sizes.append(size(house.store, tmp_path))
            assert await remove_expired(host.tools, Retention.parse("30")) == 12
        assert sizes[-1] < 1.3 * sizes[0]
        assert size(house.store, tmp_path) < sizes[0] / 2
        assert await count(house.store, "runs") == 0
        assert await count(house.store, "events") == 0
        assert await find_faults(house.store) == []
    finally:
        await house.close()


def size(store: Store, folder: Path) -> int:
    """The bytes of the database's file, with its log written back."""
    with store.turnstile.hold("look"), store.writer.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "fastgraph.db").stat().st_size


@pytest.mark.slow
async def test_a_host_that_is_killed_while_it_removes_runs_harms_nothing(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    """One host ends itself with SIGKILL before a deletion, the next one after a deletion; the third goes on."""
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'fastgraph.db'}", tmp_path / "data")
    owner = boot(store)
    kept = ended(store, owner, events=EVENTS_A_BATCH).run_id
    write(store, KeepRun(run_id=kept, is_kept=True, now=NOW))
    for _ in range(12):
        ended(store, owner, events=2 * EVENTS_A_BATCH)
    write(
        store, RetireHost(boot_id=owner, now=NOW)
    )  # else it lives by its lease, and removing runs would be its business
    killed = tmp_path / "killed"
    server = Serving(
        start_program,
        tmp_path,
        FASTGRAPH_RETENTION_DAYS="30",
        FASTGRAPH_FAULTS="retention.delete/before=kill@7, retention.delete/after=kill@9",
        FASTGRAPH_FAULTS_LOG=str(killed),
        FASTGRAPH_ALLOW_FAULTS="1",
    )
    with server.client:
        server.start(wait=False)
        until(
            lambda: _runs(server) == [kept] or None, within_seconds=90, what="all but the kept run to be gone"
        )
    assert len(killed.read_text().splitlines()) == 2
    server.kill_all()
    assert await find_faults(store) == []
    assert await count(store, "events") == EVENTS_A_BATCH + 3
    await store.close()


def _runs(server: Serving) -> list[str] | None:
    try:
        answer = server.client.get("/api/runs/")
    except httpx.TransportError:
        return None
    return [run["run_id"] for run in answer.json()] if answer.status_code == 200 else None
