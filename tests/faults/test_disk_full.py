"""A disk that takes no more: what can't be stored is refused with 507, health is red and says why, runs are held where they
are, and everything goes on by itself when there is room again. Nothing is marked failed, and no step runs twice for it."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from support.disk_flows import VALUE_BYTES
from support.full_disks import FILLER, can_limit_files, failing_disk, fill_up, limit_files, small_disk
from support.programs import ProgramStarter
from support.server import ServerClient
from support.serving import Serving
from support.waiting import until

pytestmark = pytest.mark.slow
needs_limits = pytest.mark.skipif(
    not can_limit_files(), reason="only Linux can change the limits of a process that runs"
)

FLOWS = Path(__file__).parents[1] / "support" / "disk_flows.py"
RUNS, STEPS = 4, 12
HELD_SECONDS = 7.0  # more than the five deaths took that once put a run into quarantine
LEAST_REFUSED = 3


def test_a_full_disk_holds_runs_and_they_go_on_when_there_is_room(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", megabytes=96) as disk:
        if disk is None:
            pytest.skip("no file system can be mounted here; the limit on files' sizes below tests the same")
        serving = _serve(start_program, tmp_path, disk)
        _hold_and_go_on(serving, fill=lambda: fill_up(disk), empty=(disk / FILLER).unlink)
        start_program.end_all()


def test_a_disk_that_has_become_read_only_holds_runs_until_it_is_mended(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    """As the system does it after an error of the device: also open files take nothing, and only mounting it anew helps."""
    with failing_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system can be mounted here")
        serving = _serve(start_program, tmp_path, disk.folder)
        with serving.client as client:
            runs = _begin_runs(client)
            disk.fail()
            until(lambda: _is_red(client), what="red health")
            assert _upload(client.url) == 507
            assert {client.run(run_id)["status"] for run_id in runs} <= {"queued", "running"}
            serving.kill_all()
            disk.unmount()
            assert disk.mount()
            serving.start()
            for run_id in runs:
                _check_ended(serving, client, run_id, is_kept=False)
        start_program.end_all()


@needs_limits
def test_files_that_may_not_grow_hold_runs_and_they_go_on_when_they_may(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    serving = _serve(start_program, tmp_path, tmp_path / "place")
    _hold_and_go_on(
        serving,
        fill=lambda: limit_files(serving.program.processes(), 16 * 1024),
        empty=lambda: limit_files(serving.program.processes(), -1),
    )


@needs_limits
def test_an_outage_past_the_lease_of_the_host_ends_as_well(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    """The host gives its runs up meanwhile, since another one might take them; here nobody does, and it takes them again."""
    serving = _serve(start_program, tmp_path, tmp_path / "place", FASTGRAPH_LEASE_SECONDS="3")
    _hold_and_go_on(
        serving,
        fill=lambda: limit_files(serving.program.processes(), 16 * 1024),
        empty=lambda: limit_files(serving.program.processes(), -1),
        is_kept=False,
    )


@needs_limits
def test_a_server_that_starts_on_a_full_disk_says_so_and_goes_on(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    serving = _serve(start_program, tmp_path, tmp_path / "place")
    with serving.client as client:
        run_id = client.create_run(workflow="filling", payload={"steps": STEPS})
        until(lambda: client.run(run_id)["last_seq"] > STEPS, what="a run in the middle")
        serving.kill_host()
        limit_files(serving.program.processes(), 16 * 1024)
        until(lambda: _is_red(client), what="red health")
        limit_files(serving.program.processes(), -1)
        assert client.wait_until_ended(run_id, within_seconds=60)["status"] == "completed"


def _serve(start_program: ProgramStarter, tmp_path: Path, place: Path, **variables: str) -> Serving:
    serving = Serving(
        start_program, tmp_path, flows=FLOWS, FASTGRAPH_DATA_DIR=str(place / "data"), **variables
    )
    serving.start()
    return serving


def _hold_and_go_on(
    serving: Serving, *, fill: Callable[[], object], empty: Callable[[], object], is_kept: bool = True
) -> None:
    with serving.client as client:
        runs = _begin_runs(client)
        fill()
        reasons = until(lambda: _is_red(client), what="red health")
        begun = time.monotonic()
        refused = 0
        while time.monotonic() - begun < HELD_SECONDS or refused < LEAST_REFUSED:
            assert time.monotonic() - begun < 60, f"only {refused} uploads were refused"
            refused += _upload(client.url) == 507
            statuses = {client.run(run_id)["status"] for run_id in runs}
            assert statuses <= {"queued", "running"}, statuses
            assert client.get("/api/monitoring/health/live").status_code == 200
        assert _is_red(client), "health was green while nothing could be stored"
        assert any(reason.startswith("disk full") for reason in reasons), reasons
        empty()
        serving.wait_until_well()
        for run_id in runs:
            _check_ended(serving, client, run_id, is_kept=is_kept)
        assert _upload(client.url) == 200


def _begin_runs(client: ServerClient) -> list[str]:
    """Start the runs, and wait until each is in its middle."""
    runs = [client.create_run(workflow="filling", payload={"steps": STEPS}) for _ in range(RUNS)]
    for run_id in runs:
        until(partial(_is_in_the_middle, client, run_id), what="a run in the middle")
    return runs


def _check_ended(serving: Serving, client: ServerClient, run_id: str, *, is_kept: bool) -> None:
    """Wait for a run's end, which must be a good one, and look at its events and at what its steps have done."""
    ended = client.wait_until_ended(run_id, within_seconds=90)
    assert ended["status"] == "completed", ended
    seen = [event["seq"] for event in client.events(run_id)]
    assert seen == list(range(1, len(seen) + 1))
    steps = [word for ledger_run, word, _ in serving.ledger_lines() if ledger_run == run_id]
    assert sorted(set(steps), key=int) == [str(number) for number in range(1, STEPS + 1)]
    if is_kept:
        assert len(steps) == STEPS, "a held step was executed again"


def _is_in_the_middle(client: ServerClient, run_id: str) -> bool:
    return bool(client.run(run_id)["last_seq"] > STEPS)


def _is_red(client: ServerClient) -> list[str] | None:
    answer = client.get("/api/monitoring/health")
    health = answer.json()
    if health["status"] != "failing" or not any("disk full" in reason for reason in health["reasons"]):
        return None
    assert answer.status_code == 503
    reasons: list[str] = health["reasons"]
    return reasons


def _upload(url: str) -> int:
    """Store something new; answer the status, after a look at the words of a refusal."""
    answer = httpx.post(
        f"{url}/api/artifacts?name=more.bin", content=os.urandom(VALUE_BYTES), timeout=30, trust_env=False
    )
    if answer.status_code == 507:
        problem = answer.json()
        assert problem["type"] == "urn:fastgraph:problem:disk-full"
        assert "Make room" in problem["detail"]
        assert answer.headers["retry-after"]
    return answer.status_code
