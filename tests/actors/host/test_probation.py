"""Probation: how many suspects a host runs alone at once, whom it takes, and that none waits for another's long task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from actors.host import probation
from actors.host.probation import CHILDREN_AT_ONCE, YOUNG_AT_ONCE, YOUNG_SECONDS, Probation
from support.boots import Boot, House
from support.clocks import ManualClock
from support.waiting import until_async

pytestmark = pytest.mark.anyio


class Nursery:
    """Processes that are none: each lives until it is told to end."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.processes: list[Child] = []

    async def start(self, *command: str, **_: Any) -> Child:
        self.started.append(command[command.index("--only") + 1])
        self.processes.append(Child())
        return self.processes[-1]


class Child:
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def wait(self) -> int:
        await self.ended.wait()
        return 0

    def send_signal(self, _: int) -> None:
        self.ended.set()


@pytest.fixture
async def boot(tmp_path: Path) -> AsyncIterator[Boot]:
    house = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path)
    yield await house.boot()
    await house.close()


@pytest.fixture
def nursery(monkeypatch: pytest.MonkeyPatch) -> Nursery:
    found = Nursery()
    monkeypatch.setattr(asyncio, "create_subprocess_exec", found.start)

    async def suspects(*_: Any, limit: int, **__: Any) -> list[str]:
        return [f"run {number}" for number in range(limit)]

    monkeypatch.setattr(probation, "list_suspects", suspects)
    return found


async def look(watched: Probation, nursery: Nursery, *, more: int) -> None:
    """Look for suspects and wait until so many more children have started, and no other is under way."""
    wanted = len(nursery.started) + more
    watched.look()
    if watched._search is not None:
        await watched._search

    async def has_started() -> bool:
        return len(nursery.started) == len(watched._children) == wanted

    await until_async(has_started, what=f"{wanted} children; there are {nursery.started}")


async def test_few_start_at_once_and_those_that_live_on_keep_nobody_waiting(
    boot: Boot, nursery: Nursery
) -> None:
    clock = ManualClock()
    watched = Probation(replace(boot.tools, clock=clock))
    await look(watched, nursery, more=YOUNG_AT_ONCE)
    await look(watched, nursery, more=0)
    while len(nursery.started) < CHILDREN_AT_ONCE:
        clock.advance(YOUNG_SECONDS)
        await look(watched, nursery, more=YOUNG_AT_ONCE)
    clock.advance(YOUNG_SECONDS)
    await look(watched, nursery, more=0)
    assert len(set(nursery.started)) == CHILDREN_AT_ONCE
    await watched.stop(10)
    assert all(process.ended.is_set() for process in nursery.processes)


async def test_a_host_that_ends_starts_no_more(boot: Boot, nursery: Nursery) -> None:
    watched = Probation(boot.tools)
    await watched.stop(10)
    await look(watched, nursery, more=0)


async def test_hosts_take_different_suspects(boot: Boot, nursery: Nursery) -> None:
    hosts = [Probation(replace(boot.tools, random=Random(seed))) for seed in range(4)]
    for watched in hosts:
        watched.look()
        assert watched._search is not None
        await watched._search

    async def have_started() -> bool:
        return len(nursery.started) == len(hosts) * YOUNG_AT_ONCE

    await until_async(have_started, what="the children of all hosts")
    assert len(set(nursery.started)) > YOUNG_AT_ONCE
    for watched in hosts:
        await watched.stop(10)
