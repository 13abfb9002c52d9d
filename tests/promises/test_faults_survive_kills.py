"""Attempts and handlers survive kill -9 of the host: the count goes on, its time is kept, a failed node stays failed."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from support import fault_flows
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    server = Serving(start_program, tmp_path, flows=Path(fault_flows.__file__))
    server.start()
    with server.client:
        yield server


def events(serving: Serving, run_id: str, kind: str) -> list[dict[str, Any]]:
    told = serving.client.get(f"/api/runs/{run_id}/events?limit=1000").json()
    return [event for event in told if event["event"] == kind]


def words(serving: Serving, run_id: str) -> list[str]:
    return [word for ledger_run, word, _ in serving.ledger_lines() if ledger_run == run_id]


def ended(serving: Serving, run_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = serving.client.run(run_id)
        return run if run["finished_at"] else None

    return until(look, within_seconds=40, what=f"the end of {run_id}")


def test_a_kill_between_two_attempts_neither_forgets_nor_hurries_the_next(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="retried", payload={})
    until(lambda: events(serving, run_id, "node_retry"), what="a failed attempt")
    serving.kill_host()
    run = ended(serving, run_id)
    assert (run["status"], run["result"]) == ("completed", {"attempts": 3})
    assert words(serving, run_id) == ["flaky-1", "flaky-2", "flaky-3"]
    retries = events(serving, run_id, "node_retry")
    assert [(retry["data"]["attempt"], retry["data"]["error"]["message"]) for retry in retries] == [
        (1, "attempt 1"),
        (2, "attempt 2"),
    ]
    starts = events(serving, run_id, "node_started")
    for retry, start in zip(retries, starts[1:], strict=True):
        due = datetime.fromisoformat(retry["data"]["next_at"])
        assert datetime.fromisoformat(start["at"]) >= due


def test_a_kill_in_a_handler_runs_the_handler_again_and_not_the_node(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="handled", payload={})
    until(lambda: "mend" in words(serving, run_id), what="the handler")
    serving.kill_host()
    run = ended(serving, run_id)
    assert (run["status"], run["result"]) == ("completed", {"told": "broken: broken for good"})
    assert words(serving, run_id) == ["broken", "mend", "mend"]
    [failed] = events(serving, run_id, "node_failed")
    assert failed["data"]["handled_by"] == "__error_handler__broken"


def test_a_result_from_a_process_serves_the_next_run_after_a_kill(serving: Serving) -> None:
    first = serving.client.create_run(workflow="remembered", payload={})
    assert ended(serving, first)["result"] == {"told": "thought"}
    serving.kill_host()
    second = serving.client.create_run(workflow="remembered", payload={})
    assert ended(serving, second)["result"] == {"told": "thought"}
    assert (words(serving, first), words(serving, second)) == (["think"], [])
    [update] = events(serving, second, "node_update")
    assert update["data"]["cached"] is True
