"""Zombies: a host that was stopped, or that hung, past its lease, and that wakes up when its run is another's.

Whatever it still wants to write changes no row, no watcher sees anything of it, and its actors stop at once. A host that
only hangs in C code for a while, with the lease kept for it, is no zombie and loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fastgraph.database import tables
from fastgraph.database.locks import FileLock
from support import zombie_flows
from support.feed_watcher import FeedWatcher
from support.hosts import Hosts, continue_process, is_gone, pause, running_hosts, stop_process
from support.programs import ProgramStarter
from support.waiting import until

FLOWS = Path(zombie_flows.__file__)
LEASE_SECONDS = 2.0
PATIENT_LEASE_SECONDS = (
    4.0  # where a lease must not lapse, though the machine may give a process nothing for a while
)
HANG_LEASES = 3
ENDS_WITHIN_SECONDS = 10.0  # it is done within one; the machine may be busy
RUN_TABLES = ("events", "results", "checkpoints", "artifacts", "attempts", "interrupts", "inbox")


@contextmanager
def two_hosts(
    start_program: ProgramStarter,
    folder: Path,
    url: str,
    *,
    silence_seconds: float,
    lease_seconds: float = LEASE_SECONDS,
) -> Iterator[Hosts]:
    with running_hosts(
        start_program,
        folder,
        url,
        flows=FLOWS,
        count=2,
        FASTGRAPH_LEASE_SECONDS=str(lease_seconds),
        FASTGRAPH_SILENCE_SECONDS=str(silence_seconds),
    ) as hosts:
        yield hosts


def rows_of(hosts: Hosts, run_id: str) -> dict[str, Any]:
    """Everything that the store has of a run."""
    run = hosts.row(run_id)
    found: dict[str, Any] = {"runs": tuple(run)}
    with hosts.engine.connect() as connection:
        for name in RUN_TABLES:
            table = tables.metadata.tables.get(name)
            if table is not None and "run_key" in table.c:
                rows = connection.execute(select(table).where(table.c.run_key == run.key))
                found[name] = sorted(map(repr, rows))
    return found


def words(hosts: Hosts, run_id: str, word: str) -> list[int]:
    """The processes that wrote this word, in order."""
    return [int(pid) for run, said, _, pid in hosts.ledger_lines() if run == run_id and said == word]


def begun_by(hosts: Hosts, run_id: str, count: int) -> list[int]:
    return until(
        lambda: pids if len(pids := words(hosts, run_id, "begun")) >= count else None,
        within_seconds=60,
        what=f"execution {count} of {run_id}",
    )


def let_go(hosts: Hosts, pid: int) -> None:
    (hosts.ledger.parent / f"go-{pid}").touch()


def stop_outside_of_a_commit(hosts: Hosts, pid: int) -> None:
    """SIGSTOP a host at a moment when it does not hold SQLite's turnstile: one that does is killed by who waits."""
    locks = []
    if hosts.url.startswith("sqlite"):
        path = Path(hosts.url.removeprefix("sqlite:///"))
        locks = [FileLock(path.with_name(f"{path.name}-{name}")) for name in ("turn", "lock")]
    try:
        while True:
            stop_process(pid)
            if pid not in [lock.find_holder() for lock in locks]:
                return
            continue_process(pid)
            pause(0.05)
    finally:
        for lock in locks:
            lock.close()


def check_zombie(hosts: Hosts, run_id: str, zombie: int, owner: int, before: dict[str, Any]) -> float:
    """The zombie is awake: let it finish its task, and see that nothing comes of it. Answers how long it lived."""
    woke = time.monotonic()
    let_go(hosts, zombie)
    until(lambda: is_gone(zombie), within_seconds=ENDS_WITHIN_SECONDS, what="the zombie to end")
    lived = time.monotonic() - woke
    assert rows_of(hosts, run_id) == before
    let_go(hosts, owner)
    run = hosts.client.wait_until_ended(run_id, within_seconds=60)
    assert run["status"] == "completed"
    assert run["result"]["pid"] == run["result"]["after"] == owner
    return lived


def check_feed(watcher: FeedWatcher, hosts: Hosts, run_id: str, zombie: int) -> None:
    watcher.wait_for_end(30)
    assert watcher.seqs == list(range(1, len(watcher.seqs) + 1))
    assert watcher.events == hosts.client.events(run_id)
    updates = [event for event in watcher.events if event["event"] == "node_update"]
    assert len(updates) == 2
    assert str(zombie) not in str(updates)
    assert [event["event"] for event in watcher.events].count("recovered") == 1


@pytest.mark.slow
def test_zombie_silenced(start_program: ProgramStarter, tmp_path: Path, store_url: str) -> None:
    with two_hosts(start_program, tmp_path, store_url, silence_seconds=120.0) as hosts:
        run_id = hosts.client.create_run(workflow="holding")
        watcher = FeedWatcher(hosts.port, run_id)
        [zombie] = begun_by(hosts, run_id, 1)
        boot_id = hosts.boot_of(zombie)
        assert boot_id is not None
        stop_outside_of_a_commit(hosts, zombie)
        _, owner = begun_by(hosts, run_id, 2)
        assert owner != zombie
        assert hosts.boot_row(boot_id).ended_reason == "its lease lapsed"
        before = rows_of(hosts, run_id)
        continue_process(zombie)
        lived = check_zombie(hosts, run_id, zombie, owner, before)
        check_feed(watcher, hosts, run_id, zombie)
    print(f"the zombie lived for {lived:.2f} s")


@pytest.mark.slow
def test_a_host_whose_loop_was_blocked_past_its_lease_is_silenced_too(
    start_program: ProgramStarter, tmp_path: Path, store_url: str
) -> None:
    """C code keeps the GIL, so that nothing of the host moves, and nobody renews for it."""
    with two_hosts(start_program, tmp_path, store_url, silence_seconds=0.0) as hosts:
        run_id = hosts.client.create_run(workflow="keeping", payload={"seconds": HANG_LEASES * LEASE_SECONDS})
        watcher = FeedWatcher(hosts.port, run_id)
        zombie, owner = begun_by(hosts, run_id, 2)
        assert owner != zombie
        before = rows_of(hosts, run_id)
        lived = check_zombie(hosts, run_id, zombie, owner, before)
        check_feed(watcher, hosts, run_id, zombie)
    print(f"the zombie lived for {lived:.2f} s, its hang included")


@pytest.mark.slow
def test_a_host_that_hangs_in_c_code_keeps_its_runs_while_its_lease_is_renewed_for_it(
    start_program: ProgramStarter, tmp_path: Path, store_url: str
) -> None:
    lease = PATIENT_LEASE_SECONDS
    with two_hosts(start_program, tmp_path, store_url, silence_seconds=120.0, lease_seconds=lease) as hosts:
        run_id = hosts.client.create_run(workflow="keeping", payload={"seconds": HANG_LEASES * lease})
        [pid] = begun_by(hosts, run_id, 1)
        let_go(hosts, pid)
        run = hosts.client.wait_until_ended(run_id, within_seconds=60)
        assert (run["status"], run["result"]["pid"]) == ("completed", pid)
        assert words(hosts, run_id, "begun") == [pid]
        assert "recovered" not in [event["event"] for event in hosts.client.events(run_id)]


@pytest.mark.slow
def test_long_job_not_duplicated(start_program: ProgramStarter, tmp_path: Path) -> None:
    """A job of twenty leases is started once: a lease is renewed, and age alone is no reason for anything."""
    lease, url = PATIENT_LEASE_SECONDS, f"sqlite:///{tmp_path / 'data' / 'fastgraph.db'}"
    with two_hosts(start_program, tmp_path, url, silence_seconds=120.0, lease_seconds=lease) as hosts:
        run_id = hosts.client.create_run(workflow="long", payload={"seconds": 20 * lease})
        run = hosts.client.wait_until_ended(run_id, within_seconds=180)
        assert run["status"] == "completed"
        assert len(words(hosts, run_id, "begun")) == len(words(hosts, run_id, "ended")) == 1
        kinds = [event["event"] for event in hosts.client.events(run_id)]
        assert (kinds.count("node_started"), kinds.count("recovered")) == (1, 0)
