"""A host whose keeper was killed: it gives its runs back before it ends, so that none is held to account for that."""

import os
import signal
from pathlib import Path

import pytest

from fastgraph.database.freeing import RETIRED
from support import poison_flows
from support.hosts import is_gone
from support.programs import ProgramStarter
from support.serving import Serving
from support.sqlite_rows import read_row
from support.waiting import until


@pytest.fixture
def server(start_program: ProgramStarter, tmp_path: Path) -> Serving:
    server = Serving(start_program, tmp_path, flows=Path(poison_flows.__file__))
    server.start()
    return server


def test_a_task_that_takes_longer_than_the_orphan_lives_counts_no_death(server: Serving) -> None:
    with server.client as client:
        run_id = client.create_run(workflow="slow", payload={"seconds": 600})
        until(
            lambda: any(event["event"] == "node_started" for event in client.events(run_id)),
            what="the task to begin",
        )
        host = server.host_pid()
        server.kill_api()
    until(lambda: is_gone(host), within_seconds=30, what="the end of the orphan")
    assert read_row(server.data, "SELECT status, owner, deaths FROM runs") == ("running", None, 0)
    assert read_row(server.data, "SELECT ended_reason FROM hosts") == (RETIRED,)


def test_a_run_on_probation_goes_on_when_the_host_that_started_its_own_one_dies(server: Serving) -> None:
    with server.client as client:
        run_id = client.create_run(workflow="slow", payload={"seconds": 8})
        kill_hosts(server, run_id, times=2)
        alone = host_that_began(server, run_id, 3)
        os.kill(parent_of(server, alone), signal.SIGKILL)
        run = client.wait_until_ended(run_id)
        told = [event["event"] for event in client.events(run_id)]
    assert run["status"] == "completed"
    assert (told.count("recovered"), told.count("node_started")) == (2, 3)


def test_a_run_on_probation_is_not_accused_of_the_end_of_both_hosts(server: Serving) -> None:
    with server.client as client:
        run_id = client.create_run(workflow="slow", payload={"seconds": 3})
        kill_hosts(server, run_id, times=2)
        for times in (3, 4):
            alone = host_that_began(server, run_id, times)
            os.kill(parent_of(server, alone), signal.SIGKILL)
            os.kill(alone, signal.SIGKILL)
        run = client.wait_until_ended(run_id)
    assert run["status"] == "completed"


def kill_hosts(server: Serving, run_id: str, *, times: int) -> None:
    """kill -9 each of the first hosts that execute a run's task."""
    for number in range(1, times + 1):
        os.kill(host_that_began(server, run_id, number), signal.SIGKILL)


def host_that_began(server: Serving, run_id: str, times: int) -> int:
    """Wait for the process that executes the run's task for the so-manieth time."""

    def look() -> int | None:
        events = [event["event"] for event in server.client.events(run_id)]
        row = read_row(
            server.data, "SELECT pid FROM runs JOIN hosts ON boot_id = owner WHERE ended_at IS NULL"
        )
        return row[0] if row and events.count("node_started") == times else None

    return until(look, within_seconds=60, what=f"the task to begin, number {times}")


def parent_of(server: Serving, pid: int) -> int:
    """The process of the host that started this one for a run on probation."""
    parent = read_row(
        server.data,
        "SELECT parents.pid FROM hosts AS parents JOIN hosts AS children ON children.parent = parents.boot_id "
        f"WHERE children.pid = {pid} AND children.ended_at IS NULL",
    )
    return int(parent[0])
