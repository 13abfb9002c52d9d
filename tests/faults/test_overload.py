"""Overload: slots are never passed and never lost, nothing starves, and a full server says so and when to come again."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.ranks import AGING_SECONDS, MAX_PRIORITY, MIN_PRIORITY, rank_of
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.committed_runs import workflow
from support.overload_flows import PLACES
from support.programs import ProgramStarter
from support.served_api import Api, calling
from support.serving import Serving
from support.stores import NOW, Chain, accept, boot, claim, open_store, reopen_store, write
from support.waiting import until, until_async

ONE = (("chain", 1),)
FLOWS = Path(__file__).parents[1] / "support" / "overload_flows.py"


def test_slot_freed_when_owner_dies(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url, tmp_path / "data")
    for _ in range(3):
        accept(store)
    first, second = boot(store), boot(store)
    [taken] = claim(store, first, max_active=ONE)
    assert claim(store, second, max_active=ONE) == ()
    write(store, FreeDeadHost(boot_id=first, reason="its process is gone", now=NOW))
    [again] = claim(store, second, max_active=ONE)
    assert (again.run_id, again.epoch) == (taken.run_id, taken.epoch + 2)  # freed, and taken
    assert claim(store, second, max_active=ONE) == ()
    asyncio.run(store.close())


def test_a_slot_is_free_when_its_run_ends_and_other_workflows_do_not_care(
    store_url: str, tmp_path: Path
) -> None:
    store = open_store(store_url, tmp_path / "data")
    owner = boot(store, "chain", "free")
    for _ in range(3):
        accept(store)
        accept(store, workflow="free")
    both = ("chain", "free")
    claimed = claim(store, owner, workflows=both, max_active=ONE)
    assert [run.workflow for run in claimed].count("chain") == 1
    assert [run.workflow for run in claimed].count("free") == 3
    [limited] = [run for run in claimed if run.workflow == "chain"]
    chain = Chain(limited, owner)
    chain.commit(store, chain.started())
    assert claim(store, owner, workflows=both, max_active=ONE) == ()
    chain.commit(store, chain.completed())
    assert len(claim(store, owner, workflows=both, max_active=ONE)) == 1
    asyncio.run(store.close())


def test_hosts_that_claim_at_once_never_pass_the_limit_together(store_url: str, tmp_path: Path) -> None:
    """Each host has a store, a connection and a thread of its own; all claim at the same moment, again and again."""
    first = open_store(store_url, tmp_path / "data")
    for _ in range(40):
        accept(first)
    stores = [first, *(reopen_store(store_url, tmp_path / "data") for _ in range(3))]
    owners = [boot(store) for store in stores]
    barrier, lock = threading.Barrier(4), threading.Lock()
    taken: list[str] = []

    def claim_often(index: int) -> None:
        for _ in range(5):
            barrier.wait(30)
            found = claim(stores[index], owners[index], max_active=(("chain", 7),))
            with lock:
                taken.extend(run.run_id for run in found)

    threads = [threading.Thread(target=claim_often, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == len(set(taken)) == 7
    for store in stores:
        asyncio.run(store.close())


def test_a_higher_priority_goes_first_and_an_old_run_before_a_young_one(
    store_url: str, tmp_path: Path
) -> None:
    store = open_store(store_url, tmp_path / "data")
    owner = boot(store)

    def accepted(name: str, *, minutes: float, priority: int) -> str:
        now = NOW + timedelta(minutes=minutes)
        return accept(store, name=name, priority=priority, now=now).run_id

    low = accepted("low, and long ago", minutes=0, priority=-5)
    usual = accepted("usual", minutes=6, priority=0)
    high = accepted("high", minutes=6.5, priority=5)
    late = accepted("high, but late", minutes=12, priority=5)
    now = NOW + timedelta(minutes=13)
    order = [claim(store, owner, limit=1, now=now)[0].run_id for _ in range(4)]
    # Five levels are five minutes: the low one has risen past nobody but those that came later than its handicap.
    assert order == [high, low, usual, late]
    asyncio.run(store.close())


def test_runs_of_one_thread_keep_their_order_whatever_their_priority_and_the_clock(
    store_url: str, tmp_path: Path
) -> None:
    store = open_store(store_url, tmp_path / "data")
    owner, thread = boot(store), new_id()
    first = accept(store, thread_id=thread, priority=-10).run_id
    second = accept(store, thread_id=thread, priority=10, now=NOW - timedelta(hours=1)).run_id
    other = accept(store).run_id
    assert [run.run_id for run in claim(store, owner)] == [other, first]
    assert second not in {run.run_id for run in claim(store, owner)}
    asyncio.run(store.close())


_MOMENTS = st.integers(0, 10**9).map(lambda millis: millis * 1000)
_PRIORITIES = st.integers(MIN_PRIORITY, MAX_PRIORITY)


@given(old_at=_MOMENTS, old=_PRIORITIES, waited=_MOMENTS, new=_PRIORITIES)
def test_nothing_starves(old_at: int, old: int, waited: int, new: int) -> None:
    """A run is overtaken only by one that came within the difference of their priorities, in minutes, after it."""
    overtakes = rank_of(accepted_at=old_at + waited, priority=new) < rank_of(accepted_at=old_at, priority=old)
    assert overtakes == (waited < (new - old) * AGING_SECONDS * 1_000_000)


def settings(tmp_path: Path, **facts: object) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path / "data", "hosts": 0, "poll_seconds": 0.5, **facts})


async def refused(api: Api, status: int, kind: str, **facts: str) -> int:
    """Ask for a run that is refused, and return after how many seconds to come again."""
    answer = await api.http.post("/api/runs/", json={"name": "one more", **facts})
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:fastgraph:problem:{kind}"
    assert "was not accepted" in answer.json()["detail"]
    return int(answer.headers["retry-after"])


async def comes_in(api: Api, **facts: str) -> None:
    """Ask until the server lets one in: its count of the backlog is a moment old."""

    async def ask() -> bool:
        return (await api.http.post("/api/runs/", json={"name": "again", **facts})).status_code == 200

    await until_async(ask, every_seconds=0.05)


@pytest.mark.anyio
async def test_a_full_backlog_is_answered_503_with_retry_after_until_a_host_takes_a_run(
    tmp_path: Path,
) -> None:
    async with calling(settings(tmp_path, max_backlog=3)) as api:
        await api.host.publish()
        for _ in range(3):
            await api.create()
        assert 1 <= await refused(api, 503, "backlog-full") <= 60
        assert len((await api.http.get("/api/runs/")).json()) == 3
        assert len(await api.host.claim()) == 3
        await comes_in(api)


@pytest.mark.anyio
async def test_a_full_backlog_of_one_workflow_is_answered_429_and_hinders_no_other(tmp_path: Path) -> None:
    async with calling(settings(tmp_path, workflow_backlogs="narrow=2")) as api:
        await api.host.publish(workflow("wide"), workflow("narrow", is_default=False))
        for _ in range(2):
            await api.create(workflow="narrow")
        assert 1 <= await refused(api, 429, "workflow-backlog-full", workflow="narrow") <= 60
        for _ in range(5):
            await api.create(workflow="wide")
        await api.host.claim("narrow")
        await comes_in(api, workflow="narrow")


@pytest.mark.anyio
async def test_many_at_once_do_not_pass_the_backlog_limit(tmp_path: Path) -> None:
    async with calling(settings(tmp_path, max_backlog=10)) as api:
        await api.host.publish()
        answers = await asyncio.gather(
            *(api.http.post("/api/runs/", json={"name": str(number)}) for number in range(60))
        )
        codes = [answer.status_code for answer in answers]
        assert (codes.count(200), codes.count(503)) == (10, 50)


@pytest.mark.anyio
async def test_a_run_that_waits_for_a_slot_says_so(tmp_path: Path) -> None:
    async with calling(settings(tmp_path)) as api:
        await api.host.publish(replace(workflow("narrow"), max_active=1))
        await api.create(workflow="narrow")
        assert len(await api.host.claim("narrow")) == 1
        second = await api.create(workflow="narrow")
        view = (await api.http.get(f"/api/runs/{second}")).json()
        assert view["waiting_for"] == "a free place of workflow 'narrow': 1 of its runs may go on at once"


@pytest.mark.slow
def test_concurrency_stays_within_its_limit_while_hosts_are_killed(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    """Two hosts, eight runs, two places; five kills. The nodes themselves watch that nobody is one too many."""
    server = Serving(
        start_program,
        tmp_path,
        flows=FLOWS,
        FASTGRAPH_HOSTS="2",
        FASTGRAPH_WORKFLOW_LIMITS=f"crowded={PLACES}",
        FASTGRAPH_POLL_SECONDS="0.1",
    )
    with server.client:
        server.start()
        runs = [server.client.create_run(workflow="crowded", payload={"steps": 30}) for _ in range(8)]
        for _ in range(5):
            wanted = len(server.ledger_lines()) + 20
            until(lambda: len(server.ledger_lines()) >= wanted or None, within_seconds=60, what="executions")  # noqa: B023
            server.kill_host()
        ended = [server.client.wait_until_ended(run_id, within_seconds=90) for run_id in runs]
        words = [word for _, word, _ in server.ledger_lines()]
        assert words.count("over") == 0
        assert words.count("inside") >= 8 * 30
        assert {run["status"] for run in ended} == {"completed"}
