"""A large backlog of paused runs costs those that run nothing: counted in the database's own steps, not by a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fastgraph.database.control_records import PauseRun
from fastgraph.database.records import ClaimRuns
from fastgraph.database.runs import RunFilters, list_runs
from fastgraph.database.store import Store
from support.stores import WORKFLOW, answers, boot, new_run, open_store

pytestmark = pytest.mark.anyio

SMALL, LARGE = 100, 10_000
GROUP = 500
PAGE = 50
MOST_RATIO = 1.5
STEPS_A_COUNTED_RUN = 10
STEPS_A_TICK = 10


async def test_paused_backlog_stays_fast(tmp_path: Path) -> None:
    small = await steps_with(tmp_path / "small", SMALL)
    large = await steps_with(tmp_path / "large", LARGE)
    assert large["claim"] < MOST_RATIO * small["claim"], (small, large)
    # A page also says how many there are in all, which is counted on an index: some steps for each.
    assert (large["page"] - small["page"]) / (LARGE - SMALL) < STEPS_A_COUNTED_RUN, (small, large)


async def steps_with(folder: Path, paused: int) -> dict[str, float]:
    """Return how many of SQLite's own steps a claim and a page take beside so many paused runs."""
    folder.mkdir()  # noqa: ASYNC240 - nobody else waits here
    store = open_store(f"sqlite:///{folder / 'fastgraph.db'}", folder)
    owner = boot(store)
    for start in range(0, paused, GROUP):
        new = [new_run() for _ in range(min(GROUP, paused - start))]
        answers(store, new)
        now = datetime.now(UTC)
        answers(store, [PauseRun(run_id=run.run_id, now=now) for run in new])
    steps = {"claim": count_claim(store, owner), "page": await count_page(store)}
    await store.close()
    return steps


def count_claim(store: Store, owner: str) -> float:
    claim = ClaimRuns(owner=owner, workflows=(WORKFLOW,), limit=64, now=datetime.now(UTC))
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    group: Any = store._group
    raw = group._open().connection.driver_connection
    raw.set_progress_handler(tick, STEPS_A_TICK)
    assert answers(store, [claim]) == [()]
    raw.set_progress_handler(None, 0)
    return ticks * STEPS_A_TICK


async def count_page(store: Store) -> float:
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    async with store.readers.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.set_progress_handler(tick, STEPS_A_TICK)
        page = await list_runs(connection, filters=RunFilters(statuses=("paused",)), limit=PAGE)
        await raw.set_progress_handler(None, 0)
    assert len(page.runs) == PAGE
    return ticks * STEPS_A_TICK
