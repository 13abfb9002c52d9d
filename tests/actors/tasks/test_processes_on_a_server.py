"""Nodes with `executor="process"` on a real server: what they say arrives, and whatever they do, they can be stopped."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

FLOWS = Path(__file__).parents[2] / "support" / "process_flows.py"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("processes")
    programs = ProgramStarter(folder)
    server = Serving(programs, folder, flows=FLOWS)
    try:
        server.start()
        with server.client:
            yield server
    finally:
        programs.end_all()


def _gone(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z" if Path("/proc").exists() else False
    return True


def _pid_in(path: Path) -> int:
    return until(
        lambda: int(path.read_text()) if path.exists() and path.read_text() else None,
        what="the node's process",
    )


def test_what_a_node_says_elsewhere_arrives_as_if_it_ran_here(serving: Serving) -> None:
    run = serving.client.wait_until_ended(serving.client.create_run(workflow="says"))
    assert run["status"] == "completed", run
    events = serving.client.events(run["run_id"])
    (line,) = [event["data"] for event in events if event["event"] == "log"]
    assert line["message"] == "hello from afar"
    assert line["fields"]["pid"] == run["result"]["pids"][0] != serving.host_pid()
    assert [event["data"]["done"] for event in events if event["event"] == "progress"] == [1]
    (artifact,) = [event["data"] for event in events if event["event"] == "artifact"]
    content = serving.client.get(f"/api/artifacts/{artifact['artifact_id']}").text
    assert content == f"written by {run['result']['pids'][0]}"


def test_async_nodes_and_questions_work_there_too(serving: Serving) -> None:
    later = serving.client.wait_until_ended(serving.client.create_run(workflow="says-later"))
    assert later["result"]["pids"][0] != serving.host_pid()
    asking = serving.client.create_run(workflow="asks")
    until(lambda: serving.client.run(asking)["status"] == "interrupted", what="the question")
    httpx.post(
        f"{serving.client.url}/api/runs/{asking}/resume", json={"resume": "fine"}, trust_env=False
    ).raise_for_status()
    assert serving.client.wait_until_ended(asking)["result"] == {"pids": [], "answer": "fine"}


def test_a_node_that_holds_the_gil_is_stopped_by_cancel(serving: Serving, tmp_path: Path) -> None:
    place = tmp_path / "pid"
    run_id = serving.client.create_run(workflow="holds-the-gil", payload={"path": str(place)})
    pid = _pid_in(place)
    host = serving.host_pid()
    httpx.post(f"{serving.client.url}/api/runs/{run_id}/cancel", trust_env=False).raise_for_status()
    assert serving.client.wait_until_ended(run_id, within_seconds=10)["status"] == "cancelled"
    until(lambda: _gone(pid), what="the end of the node's process")
    assert serving.host_pid() == host


def test_a_node_that_is_late_is_stopped_by_its_timeout(serving: Serving, tmp_path: Path) -> None:
    place = tmp_path / "pid"
    run_id = serving.client.create_run(workflow="late", payload={"path": str(place)})
    run = serving.client.wait_until_ended(run_id)
    assert (run["status"], run["error"]["type"]) == ("failed", "NodeTimeoutError")
    until(lambda: _gone(_pid_in(place)), what="the end of the node's process")


def test_a_process_that_dies_is_the_failure_of_its_task_alone(serving: Serving) -> None:
    host = serving.host_pid()
    run = serving.client.wait_until_ended(serving.client.create_run(workflow="segfaults"))
    assert (run["status"], run["error"]["type"]) == ("failed", "TaskProcessDiedError")
    assert "was ended by SIGSEGV" in run["error"]["message"]
    again = serving.client.wait_until_ended(serving.client.create_run(workflow="dies-once"))
    assert (again["status"], again["result"]["pids"]) == ("completed", [2])
    assert serving.host_pid() == host


def test_a_killed_host_takes_its_processes_along_and_the_run_goes_on(
    serving: Serving, tmp_path: Path
) -> None:
    go, pids = tmp_path / "go", tmp_path / "go.pids"
    run_id = serving.client.create_run(workflow="waits-for-file", payload={"path": str(go)})
    first = _pid_in(pids)
    serving.kill_host()
    until(lambda: _gone(first), within_seconds=10, what="the end of the orphan")
    until(lambda: len(pids.read_text().split()) == 2, within_seconds=20, what="the second execution")
    go.touch()
    run = serving.client.wait_until_ended(run_id)
    assert run["result"]["pids"] == [int(pids.read_text().split()[1])]
    assert any(event["event"] == "recovered" for event in serving.client.events(run_id))


def test_finished_tasks_of_a_graph_inside_such_a_node_never_run_again(
    serving: Serving, tmp_path: Path
) -> None:
    go, steps = tmp_path / "go", tmp_path / "go.steps"

    def done(line: str) -> int:
        return steps.read_text().split().count(line) if steps.exists() else 0

    run_id = serving.client.create_run(workflow="nests", payload={"path": str(go)})
    until(lambda: done("second") == 1, what="the second step")
    serving.kill_host()
    until(lambda: done("second") == 2, within_seconds=20, what="its second execution")
    go.touch()
    run = serving.client.wait_until_ended(run_id)
    assert (run["status"], run["result"]["pids"]) == ("completed", [1, 2, 300_000]), run
    assert sorted(steps.read_text().split()) == ["effect", "first", "second", "second", "task"]
    told = [
        (event["event"], event["node"], event["data"].get("namespace", "").split(":")[0])
        for event in serving.client.events(run_id)
        if event.get("node") in {"first", "counted"}
    ]
    assert told == [
        ("node_started", "counted", "work"),
        ("node_update", "counted", "work"),
        ("node_started", "first", "work"),
        ("token", "first", ""),
        ("node_update", "first", "work"),
    ]
    again = serving.client.wait_until_ended(
        serving.client.create_run(workflow="nests", payload={"path": str(go)})
    )
    assert again["status"] == "completed"
    assert done("task") == 1
