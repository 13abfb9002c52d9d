"""Waiting survives kill -9: a sleeping run wakes at its time, and no signal is lost or taken twice."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import durable_flows
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until


@pytest.fixture
def server(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    """A server of the workflows that wait."""
    serving = Serving(start_program, tmp_path, flows=Path(durable_flows.__file__))
    serving.start()
    with serving.client:
        yield serving


def reaches(server: Serving, run_id: str, status: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        run = server.client.run(run_id)
        return run if run["status"] == status else None

    return until(look, within_seconds=30, what=f"{run_id} to be {status}")


def signal(server: Serving, run_id: str, body: Any, dedup_id: str) -> None:
    url = f"{server.client.url}/api/runs/{run_id}/signals/go?dedup_id={dedup_id}"
    assert httpx.post(url, json=body, timeout=30).status_code == 202


def words(server: Serving, run_id: str) -> list[str]:
    return [word for run, word, _ in server.ledger_lines() if run == run_id]


def test_a_sleeping_run_wakes_at_its_time_though_all_was_killed(server: Serving) -> None:
    run_id = server.client.create_run(workflow="sleeping", payload={"seconds": 4.0})
    reaches(server, run_id, "sleeping")
    server.kill_all()
    server.start()
    run = server.client.wait_until_ended(run_id, within_seconds=60)
    assert run["status"] == "completed"
    assert words(server, run_id) == ["before", "slept"]
    events = server.client.events(run_id)
    [slept] = [event for event in events if event["event"] == "sleeping"]
    [woken] = [event for event in events if event["event"] == "resumed"]
    assert datetime.fromisoformat(woken["at"]) >= datetime.fromisoformat(slept["data"]["until"])


def test_signals_survive_kills_and_are_taken_once_in_order(server: Serving) -> None:
    run_id = server.client.create_run(workflow="listening", payload={})
    reaches(server, run_id, "waiting")
    server.kill_host()
    signal(server, run_id, {"n": 1}, "one")
    server.kill_all()
    server.start()
    signal(server, run_id, {"n": 1}, "one")
    signal(server, run_id, {"n": 2}, "two")
    run = server.client.wait_until_ended(run_id, within_seconds=60)
    assert (run["result"]["first"], run["result"]["second"]) == ({"n": 1}, {"n": 2})
    assert words(server, run_id) == ["before", "heard"]


def test_a_run_whose_time_is_up_fails_while_nobody_owns_it(server: Serving) -> None:
    run_id = server.client.create_run(
        workflow="sleeping", payload={"seconds": 3600.0}, config={"timeout_seconds": 2.0}
    )
    reaches(server, run_id, "sleeping")
    server.kill_all()
    server.start()
    run = server.client.wait_until_ended(run_id, within_seconds=60)
    assert (run["status"], run["error"]["type"]) == ("failed", "RunTimeoutError")


def test_a_parent_gets_the_result_of_its_child_though_all_was_killed_in_between(server: Serving) -> None:
    run_id = server.client.create_run(workflow="parent", payload={})
    reaches(server, run_id, "waiting")
    [child] = server.client.run(run_id)["children"]
    reaches(server, child, "waiting")
    server.kill_all()
    server.start()
    signal(server, child, 7, "one")
    server.kill_host()
    run = server.client.wait_until_ended(run_id, within_seconds=60)
    assert (run["status"], run["result"]["second"], run["children"]) == ("completed", 7, [child])
    assert server.client.run(child)["parent_run_id"] == run_id
    assert words(server, run_id) == ["before", "answered"]
    assert set(words(server, child)) == {"child"}


def test_a_finished_task_of_a_subgraph_never_runs_again(server: Serving) -> None:
    run_id = server.client.create_run(workflow="nesting", payload={"seconds": 1.0})
    until(lambda: "two" in words(server, run_id), within_seconds=30, what="the second inner node")
    server.kill_all()
    server.start()
    run = server.client.wait_until_ended(run_id, within_seconds=60)
    assert (run["status"], run["result"]["first"], run["result"]["second"]) == ("completed", 1, 2)
    assert words(server, run_id) == ["one", "two", "two", "done"]
