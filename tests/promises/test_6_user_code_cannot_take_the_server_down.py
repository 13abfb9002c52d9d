"""Promise 6: whatever a node does, it harms its own run only, and the run says why it ended."""

from pathlib import Path

import httpx
import pytest

from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

INNOCENT = 50

HARMLESS_ENDS = [
    ("exits", "failed", "SystemExit"),
    ("returns-lambda", "failed", "UnstorableValueError"),
    ("recurses", "failed", "RecursionError"),
]


def _start_innocents(serving: Serving) -> list[str]:
    kinds = ("sync", "async")
    return [serving.client.create_run(workflow=kinds[number % 2]) for number in range(INNOCENT)]


def _check_innocents(serving: Serving, runs: list[str]) -> None:
    for run_id in runs:
        assert serving.client.wait_until_ended(run_id, within_seconds=60)["status"] == "completed"


@pytest.mark.parametrize(("workflow", "status", "error"), HARMLESS_ENDS)
def test_a_bad_node_fails_its_own_run_with_a_sentence(
    serving: Serving, workflow: str, status: str, error: str
) -> None:
    bad = serving.client.create_run(workflow=workflow)
    innocents = _start_innocents(serving)
    run = serving.client.wait_until_ended(bad)
    assert (run["status"], run["error"]["type"]) == (status, error)
    assert run["error"]["message"]
    _check_innocents(serving, innocents)


def test_fifty_megabytes_are_kept_in_a_file(serving: Serving) -> None:
    bad = serving.client.create_run(workflow="writes-50-mb")
    innocents = _start_innocents(serving)
    assert serving.client.wait_until_ended(bad, within_seconds=60)["status"] == "completed"
    _check_innocents(serving, innocents)
    update = next(event for event in serving.client.events(bad) if event["event"] == "node_update")
    assert update["data"]["update"]["text"]["size"] > 50_000_000
    assert len(serving.client.run(bad)["result"]["text"]) == 50_000_000


def test_a_value_above_the_limit_fails_its_node_by_name(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    server = Serving(start_program, tmp_path, FASTGRAPH_MAX_VALUE_BYTES="1000000")
    server.start()
    with server.client as client:
        run = client.wait_until_ended(client.create_run(workflow="writes-50-mb"))
    assert run["status"] == "failed"
    assert "key 'text' holds a value of type str of 50,000,002 bytes" in run["error"]["message"]


def test_forty_blocked_threads_hinder_nobody_and_can_be_cancelled(serving: Serving) -> None:
    blocked = [serving.client.create_run(workflow="blocks") for _ in range(40)]
    innocents = _start_innocents(serving)
    _check_innocents(serving, innocents)
    for run_id in blocked:
        assert serving.client.run(run_id)["status"] == "running"
        answer = httpx.post(
            f"{serving.client.url}/api/runs/{run_id}/cancel", json={"reason": "stuck"}, trust_env=False
        )
        assert answer.status_code == 202
    for run_id in blocked:
        assert serving.client.wait_until_ended(run_id, within_seconds=10)["status"] == "cancelled"
    _check_innocents(serving, _start_innocents(serving))


@pytest.mark.slow
def test_an_async_node_that_blocks_its_loop_is_shown_and_gone_around(serving: Serving) -> None:
    bad = serving.client.create_run(workflow="blocks-loop")
    until(lambda: serving.client.run(bad)["status"] == "running", what="the blocker to run")
    innocents = _start_innocents(serving)
    assert serving.client.get("/api/monitoring/health").status_code == 200
    until(
        lambda: [event for event in serving.client.events(bad) if event["event"] == "warning"],
        what="the stack of who blocks",
    )
    warning = next(event for event in serving.client.events(bad) if event["event"] == "warning")
    assert "blocks_loop" in warning["data"]["stack"]
    _check_innocents(serving, [run for number, run in enumerate(innocents) if number % 2 == 0])
    _check_innocents(serving, _start_innocents(serving))


@pytest.mark.slow
def test_a_node_that_ends_its_process_is_quarantined_alone(serving: Serving) -> None:
    bad = serving.client.create_run(workflow="ends-process")
    innocents = _start_innocents(serving)
    run = serving.client.wait_until_ended(bad, within_seconds=90)
    assert run["status"] == "quarantined"
    assert "ends_process" in run["error"]["message"]
    _check_innocents(serving, innocents)
