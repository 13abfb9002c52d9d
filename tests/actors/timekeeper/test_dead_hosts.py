"""Who is accused of a host's death: a run that was alone with it, and not where its parent died as well."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from actors.timekeeper.dead_hosts import DEATHS_IN_COMPANY, free_dead_hosts
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.tables import hosts
from support.boots import Boot, House
from support.stores import NOW, boot, claim_one, go_on, start_one, write

pytestmark = pytest.mark.anyio


@pytest.fixture
async def finder(house: House) -> Boot:
    """The host that finds the dead; its own are as alive as the test is."""
    return await house.boot()


def prove_dead(house: House, boot_id: str) -> None:
    """Leave the lock file of a process that is gone."""
    path = house.settings.data_dir / "hosts" / f"{boot_id}.lock"
    path.parent.mkdir(exist_ok=True)
    path.touch()


def lapse(house: House, boot_id: str, *, ago_seconds: float = 0.0) -> None:
    """Let a boot's lease have ended, and have it renewed as long before as leases are."""
    lease_until = hosts.c.renewed_at - round(ago_seconds * 1_000_000)
    house.change(update(hosts).where(hosts.c.boot_id == boot_id).values(lease_until=lease_until))


async def suspect(house: House) -> str:
    """A run that two hosts in a row have died of, as the store counts it."""
    owner = boot(house.store)
    run_id = start_one(house.store, owner).run_id
    write(house.store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    await die_of(house, run_id, boot(house.store))
    return run_id


async def die_of(house: House, run_id: str, owner: str) -> None:
    go_on(house.store, claim_one(house.store, owner, only_run_id=run_id), owner)
    write(house.store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))


async def on_probation(house: House, *, parent: str | None) -> tuple[str, str]:
    """A suspect that goes on in a host of its own; answers the run and that host."""
    run_id = await suspect(house)
    child = boot(house.store, parent=parent)
    go_on(house.store, claim_one(house.store, child, only_run_id=run_id), child)
    return run_id, child


async def status_after(house: House, finder: Boot, run_id: str) -> str:
    await free_dead_hosts(finder.tools, house.store.host_lock)
    run = await house.run(run_id)
    assert run.owner is None
    return run.status


async def test_a_run_that_was_alone_with_the_host_that_died_is_quarantined(
    house: House, finder: Boot
) -> None:
    run_id, child = await on_probation(house, parent=boot(house.store))
    prove_dead(house, child)
    assert await status_after(house, finder, run_id) == "quarantined"


async def test_a_host_without_a_parent_was_alone_with_its_run(house: House, finder: Boot) -> None:
    run_id, child = await on_probation(house, parent=None)
    prove_dead(house, child)
    assert await status_after(house, finder, run_id) == "quarantined"


@pytest.mark.parametrize("is_freed_first", [True, False])
async def test_a_run_is_not_accused_where_the_parent_died_as_well(
    house: House, finder: Boot, *, is_freed_first: bool
) -> None:
    parent = boot(house.store)
    run_id, child = await on_probation(house, parent=parent)
    prove_dead(house, parent)
    if is_freed_first:
        await free_dead_hosts(finder.tools, house.store.host_lock)
    prove_dead(house, child)
    assert await status_after(house, finder, run_id) == "running"


async def test_a_host_that_hangs_was_alone_where_its_parent_has_renewed_its_lease_since(
    house: House, finder: Boot
) -> None:
    run_id, child = await on_probation(house, parent=boot(house.store))
    lapse(house, child, ago_seconds=1)
    assert await status_after(house, finder, run_id) == "quarantined"


async def test_the_host_that_finds_its_own_child_dead_has_outlived_it(house: House, finder: Boot) -> None:
    house.store.host_lock.hold(finder.boot_id)
    run_id, child = await on_probation(house, parent=finder.boot_id)
    prove_dead(house, child)
    assert await status_after(house, finder, run_id) == "quarantined"


async def test_a_lease_that_lapses_before_that_of_the_parent_proves_nothing(
    house: House, finder: Boot
) -> None:
    """A machine that loses its power takes both, and their leases end one after the other."""
    parent = boot(house.store)
    run_id, child = await on_probation(house, parent=parent)
    lapse(house, child)
    lapse(house, parent, ago_seconds=-3600)
    house.change(update(hosts).where(hosts.c.boot_id == parent).values(renewed_at=0))
    assert await status_after(house, finder, run_id) == "running"


async def test_ten_deaths_in_company_are_enough(house: House, finder: Boot) -> None:
    run_id = await suspect(house)
    seen = []
    for _ in range(2, DEATHS_IN_COMPANY):
        parent = boot(house.store)
        child = boot(house.store, parent=parent)
        go_on(house.store, claim_one(house.store, child, only_run_id=run_id), child)
        prove_dead(house, parent)
        prove_dead(house, child)
        seen.append(await status_after(house, finder, run_id))
    assert seen == ["running"] * (DEATHS_IN_COMPANY - 3) + ["quarantined"]
