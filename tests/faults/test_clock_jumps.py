"""Clocks that jump by an hour: leases are the database's time, a host fences itself by monotonic time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.runtime import ref_kill
from actors.timekeeper.timekeeper import Timekeeper
from fastgraph.database.host_records import FreeDeadHost, RenewLease
from fastgraph.database.hosts import list_lapsed
from fastgraph.errors import ConflictError, LostOwnershipError
from support.boots import House
from support.clocks import ManualClock
from support.stores import boot, claim, open_store, start_one, write
from support.waiting import until_async
from support.walks import Walk, completed, polling

pytestmark = pytest.mark.anyio

HOUR_SECONDS = 3600.0
RUNS, STEPS = 6, 40
LEAST_JUMPS = 10


class JumpingClock:
    """The machine's clock, with a wall time that jumps; monotonic time can't."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.jumps = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        return time.monotonic()

    def jump(self) -> None:
        """An hour forward, then two back, then one forward, and so on."""
        self.jumps += 1
        self.offset = timedelta(seconds=(0.0, HOUR_SECONDS, -HOUR_SECONDS)[self.jumps % 3])


@pytest.mark.parametrize("jump_seconds", [HOUR_SECONDS, -HOUR_SECONDS])
async def test_a_lease_does_not_lapse_because_a_hosts_clock_jumps(
    store_url: str, tmp_path: Path, jump_seconds: float
) -> None:
    clock = ManualClock()
    store = open_store(store_url, tmp_path, clock=clock)
    owner, other = boot(store, lease_seconds=60), boot(store, lease_seconds=60)
    chain = start_one(store, owner)
    clock.step_wall_time(jump_seconds)
    async with store.readers.connect() as connection:
        assert await list_lapsed(connection) == []
    with pytest.raises(ConflictError, match="has renewed its lease"):
        write(store, FreeDeadHost(boot_id=owner, reason="it lapsed", only_if_lapsed=True, now=clock.now()))
    assert claim(store, other, now=clock.now()) == ()
    chain.commit(store, chain.step())
    assert write(store, RenewLease(boot_id=owner, lease_seconds=60, report=b"{}"))
    await store.close()


@pytest.mark.parametrize("jump_seconds", [HOUR_SECONDS, -HOUR_SECONDS])
async def test_a_zombie_is_refused_whatever_its_clock_says(
    store_url: str, tmp_path: Path, jump_seconds: float
) -> None:
    clock = ManualClock()
    store = open_store(store_url, tmp_path, clock=clock)
    owner, other = boot(store, lease_seconds=0), boot(store, lease_seconds=60)
    zombie = start_one(store, owner)
    clock.step_wall_time(jump_seconds)
    async with store.readers.connect() as connection:
        assert owner in await list_lapsed(connection)
    write(store, FreeDeadHost(boot_id=owner, reason="it lapsed", only_if_lapsed=True, now=clock.now()))
    [taken] = claim(store, other, now=clock.now())
    assert taken.run_id == zombie.run_id
    with pytest.raises(LostOwnershipError):
        write(store, zombie.step())
    await store.close()


async def test_runs_go_on_while_the_clock_of_their_host_jumps_to_and_fro(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timekeeper runs with a short lease: neither is it declared dead, nor does it give its runs up."""
    clock = JumpingClock()
    monkeypatch.setattr("support.boots.SystemClock", lambda: clock)
    walk = Walk()
    house = House.open(
        f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path, poll_seconds=0.05, lease_seconds=6.0
    )
    started = await house.boot(walk.graph)
    dead = asyncio.Event()
    keeper = Timekeeper.start(
        started.tools,
        locks=house.store.host_lock,
        supervisor=started.ref,
        request_claim=started.supervisor.request_claim,
        report=lambda: {"pid": 1},
        on_declared_dead=dead.set,
    )
    loop = asyncio.get_running_loop()

    def jump() -> None:
        clock.jump()
        loop.call_later(0.1, jump)

    jump()
    with polling(house):
        runs = [await house.accept("walk", {"steps": STEPS}) for _ in range(RUNS)]

        async def has_jumped() -> bool:
            return clock.jumps >= LEAST_JUMPS

        await until_async(has_jumped, what="a clock that jumps")
        statuses = [str((await house.run(run_id)).status) for run_id in runs]
        assert "running" in statuses, "everything was over before the clock had jumped"
        await completed(house, runs, STEPS)
    assert walk.most_executed() == 1
    assert not dead.is_set()
    kinds = {kind for run_id in runs for kind in await house.kinds(run_id)}
    assert "recovered" not in kinds, "a run was given up"
    ref_kill(keeper)
    await house.close()
