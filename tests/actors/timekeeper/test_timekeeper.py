"""The timekeeper: leases, dead boots, lost hints, and a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from actors.runtime import ref_kill
from actors.timekeeper.messages import PausesChanged
from actors.timekeeper.timekeeper import Timekeeper
from fastgraph import wait_for_signal
from fastgraph.database import hosts
from fastgraph.database.control_records import SetPause
from fastgraph.database.host_records import FreeDeadHost
from support.boots import Boot, House
from support.gates import Gate
from support.small_flows import Log, chain, held_by, says
from support.waiting import until_async

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = House.open(
        f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path, poll_seconds=0.02, lease_seconds=1.5
    )
    yield opened
    await opened.close()


class Kept:
    """A boot with its timekeeper."""

    def __init__(self, house: House, boot: Boot) -> None:
        self.dead = asyncio.Event()
        self.boot = boot
        self.ref = Timekeeper.start(
            boot.tools,
            locks=house.store.host_lock,
            supervisor=boot.ref,
            request_claim=boot.supervisor.request_claim,
            report=lambda: {"pid": 1},
            on_declared_dead=self.dead.set,
        )


@pytest.fixture
async def kept(house: House) -> AsyncIterator[Kept]:
    boot = await house.boot(chain("waits", waits_for_ever), chain("chain", says("a")))
    kept = Kept(house, boot)
    yield kept
    ref_kill(kept.ref)


async def waits_for_ever(state: Log) -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_cancel_whose_hint_was_lost_is_found_by_the_poll(house: House, kept: Kept) -> None:
    run_id = await house.accept("waits")
    await house.tells(run_id, "node_started")
    kept.boot.is_alive = False  # the house hints at nothing
    await house.send(run_id, "cancel")
    assert (await house.ended(run_id)).status == "cancelled"
    kept.boot.is_alive = True


async def test_a_short_lease_that_is_renewed_costs_no_run_its_actor(house: House, kept: Kept) -> None:
    run_id = await house.accept("waits")
    await house.tells(run_id, "node_started")
    await house.until(lambda: is_renewed(house), "the lease to be renewed")
    assert "recovered" not in await house.kinds(run_id)


async def is_renewed(house: House) -> bool:
    async with house.store.readers.connect() as connection:
        [view] = await hosts.list_hosts(connection)
    return view.report is not None and b"pid" in view.report


async def test_work_whose_hint_was_lost_is_found_by_the_poll(house: House, kept: Kept) -> None:
    kept.boot.is_alive = False
    assert (await house.ended(await house.accept("chain"))).status == "completed"
    kept.boot.is_alive = True


async def test_a_waiting_run_past_its_deadline_is_ended(house: House, kept: Kept) -> None:
    await house.boot(chain("listens", listens))
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    run_id = await house.accept("listens", deadline_at=soon)
    await house.reaches(run_id, "waiting")
    queued = await house.accept("nobody has it", deadline_at=soon)
    for late in (run_id, queued):
        run = await house.ended(late)
        assert (run.status, b"RunTimeoutError" in (run.error or b"")) == ("failed", True)


def listens(state: Log) -> None:
    wait_for_signal("never")


async def test_pauses_are_looked_for_at_once_when_a_hint_tells_of_one(tmp_path: Path) -> None:
    """The poll of this house would find it in an hour."""
    house = House.open(
        f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path, poll_seconds=3600, lease_seconds=21_600
    )
    gate = Gate()
    boot = await house.boot(chain("two", held_by(gate, "first"), says("second")))
    kept = Kept(house, boot)
    try:
        run_id = await house.accept("two")
        await gate.reached()
        await set_pause(house, is_paused=True)
        kept.ref.tell(PausesChanged())
        actor = boot.run_actor(run_id)
        await until_async(lambda: is_held(actor), what="the run to hear of the pause")
        gate.open()
        run = await house.until(lambda: is_given_back(house, run_id), "the run to be given back")
        kinds = await house.kinds(run_id)
        assert (run.status, kinds.count("node_started"), kinds[-1]) == ("running", 1, "node_update")
        await set_pause(house, is_paused=False)
        house.hint()
        assert (await house.ended(run_id)).status == "completed"
    finally:
        gate.open()
        ref_kill(kept.ref)
        await house.close()


async def set_pause(house: House, *, is_paused: bool) -> None:
    now = datetime.now(UTC)
    await house.writer.write(SetPause(scope="server", is_paused=is_paused, who="me", now=now))


async def is_held(actor: Any) -> bool:
    return actor._situation.hold is not None


async def is_given_back(house: House, run_id: str) -> Any:
    run = await house.run(run_id)
    return run if run.owner is None else None


async def test_a_lease_is_renewed(house: House, kept: Kept) -> None:
    assert await house.until(lambda: is_renewed(house), "the lease to be renewed")


async def test_a_boot_that_was_declared_dead_hears_of_it(house: House, kept: Kept) -> None:
    dead = FreeDeadHost(boot_id=kept.boot.boot_id, reason="the test says so", now=datetime.now(UTC))
    await house.writer.write(dead)
    await asyncio.wait_for(kept.dead.wait(), 10)


async def test_a_database_that_is_away_does_not_end_the_timekeeper(
    house: House, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hosts.list_hosts
    failed = asyncio.Event()
    failures: list[Exception] = []

    async def fails(*args: Any, **facts: Any) -> Any:
        if len(failures) < 3:
            failures.append(OperationalError("SELECT", {}, Exception("server closed the connection")))
            raise failures[-1]
        failed.set()
        return await real(*args, **facts)

    monkeypatch.setattr(hosts, "list_hosts", fails)
    await asyncio.wait_for(failed.wait(), 10)
    assert kept.ref.is_alive()
    assert (await house.ended(await house.accept("chain"))).status == "completed"


async def test_a_lease_that_can_not_be_renewed_costs_the_runs_their_actors_and_not_their_end(
    house: House, tmp_path: Path
) -> None:
    gate = Gate()

    def held(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["held"]}

    boot = await house.boot(chain("held", held))
    run_id = await house.accept("held")
    await gate.reached()
    boot.lose()
    kept = Kept(house, boot)
    await gate.reached(2)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    ref_kill(kept.ref)
