"""What operators see when something is wrong, and that what they are told to do mends it; on real servers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient
from support.serving import FLOWS, Serving
from support.waiting import until

LEASE_SECONDS = "2"
LONG_SECONDS = 60.0
WALK = {"steps": 100_000, "pause_seconds": 0.05}


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    """A server whose cancelled nodes are given up quickly, and which bears one abandoned thread."""
    server = Serving(
        start_program,
        tmp_path,
        FASTGRAPH_CANCEL_GRACE_SECONDS="0.2",
        FASTGRAPH_MAX_ABANDONED_THREADS="1",
        FASTGRAPH_LEASE_SECONDS=LEASE_SECONDS,
    )
    server.start()
    with server.client:
        yield server


def command_line(*arguments: str, port: int) -> tuple[int, str]:
    """Call `fastgraph` as a user does; answers its exit code and what it printed."""
    command = [sys.executable, "-m", "api.cli.main", *arguments, "--url", f"http://127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def stuck_things(client: ServerClient) -> dict[str, Any]:
    answer = client.get("/api/monitoring/stuck")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def living_host(client: ServerClient, *, other_than: str = "") -> str:
    """The boot of the host that is alive."""

    def look() -> str | None:
        hosts = client.get("/api/monitoring/hosts").json()
        return next((h["boot_id"] for h in hosts if h["is_alive"] and h["boot_id"] != other_than), None)

    return until(look, within_seconds=LONG_SECONDS, what="a living host")


def begun(client: ServerClient, run_id: str) -> None:
    until(lambda: client.run(run_id)["last_seq"] > 6, within_seconds=LONG_SECONDS, what="a run in the middle")


def test_a_stranded_run_turns_the_red_light_on_and_the_printed_command_mends_it(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    port = free_port()
    variables = {
        "FASTGRAPH_DATA_DIR": str(tmp_path / "data"),
        "FASTGRAPH_TARGETS": str(FLOWS),
        "FASTGRAPH_TEST_LEDGER": str(tmp_path / "ledger.txt"),
        "FASTGRAPH_LEASE_SECONDS": LEASE_SECONDS,
    }
    _start(start_program, "api", "--port", str(port), variables=variables)
    with ServerClient(port) as client:
        host = _start(start_program, "host", variables=variables)
        client.wait_until_healthy(within_seconds=LONG_SECONDS)
        assert stuck_things(client) == {"is_red": False, "counts": {}, "things": []}
        run_id = client.create_run(workflow="walk", payload={"steps": 60, "pause_seconds": 0.05})
        begun(client, run_id)
        host.kill()

        until(lambda: stuck_things(client)["is_red"], within_seconds=LONG_SECONDS, what="the red light")
        health = client.get("/api/monitoring/health").json()
        assert (health["status"], health["stranded_runs"]) == ("degraded", 1)
        assert "fastgraph_stranded_runs 1.0" in client.get("/metrics").text
        code, printed = command_line("stuck", port=port)
        assert code == 1
        lines = printed.splitlines()
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"stranded  {run_id}")]
        assert "no living host has workflow 'walk'" in lines[place + 1]

        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        typed = {**variables, "PATH": path, "FASTGRAPH_TARGETS": ""}
        start_program.command(["sh", "-c", f"exec env {lines[place + 2].strip()}"], environment=typed)
        assert client.wait_until_ended(run_id, within_seconds=LONG_SECONDS)["status"] == "completed"
        assert not stuck_things(client)["is_red"]
        assert "fastgraph_stranded_runs 0.0" in client.get("/metrics").text


def test_actors_are_restarted_stopped_released_and_looked_into_while_their_runs_go_on(
    serving: Serving,
) -> None:
    client, port = serving.client, serving.port
    run_id = client.create_run(workflow="walk", payload=WALK)
    begun(client, run_id)
    host = living_host(client)
    run_actor = f"{host}.{run_id}"

    tree = json.loads(command_line("actors", "--json", port=port)[1])
    ids = {actor["id"]: actor for actor in _walk(tree)}
    assert {f"{host}.{key}" for key in ("writer", "system", "supervisor", "timekeeper", run_id)} <= set(ids)
    assert (ids[run_actor]["kind"], ids[run_actor]["epoch"]) == ("RunActor", 1)
    assert ids[run_actor]["last_checkpoint"]["number"] > 0
    assert ids[f"{host}.supervisor"]["p99_ms"] > 0

    def look_into() -> str | None:
        code, stack = command_line("actors", "dump-stack", run_actor, port=port)
        assert code == 0, stack
        return stack if "of node 'step', by a thread" in stack else None  # it was between two steps

    stack = until(look_into, within_seconds=LONG_SECONDS, what="a stack of a task")
    assert "RunActor, on the actors' loop" in stack
    assert "promise_flows.py" in stack

    assert command_line("actors", "restart", run_actor, port=port)[0] == 0
    _wait_for_event(client, run_id, "recovered")

    assert command_line("actors", "restart", f"{host}.timekeeper", port=port)[0] == 0
    until(lambda: _actor(client, f"{host}.timekeeper")["restarts"] == 1, what="the timekeeper's restart")
    code, answer = command_line("actors", "restart", f"{host}.writer", port=port)
    assert code == 4
    assert f"fastgraph hosts drain {host}" in answer

    assert command_line("actors", "stop", run_actor, port=port)[0] == 0
    until(lambda: _is_gone(client, run_actor), within_seconds=LONG_SECONDS, what="the end of the run's actor")
    before = client.run(run_id)["last_seq"]
    assert command_line("runs", "release", run_id, port=port)[0] == 0
    until(lambda: client.run(run_id)["last_seq"] > before + 3, within_seconds=LONG_SECONDS, what="news of it")

    assert command_line("runs", "quarantine", run_id, "--reason", "it is enough", port=port)[0] == 0
    run = client.run(run_id)
    assert (run["status"], run["error"]["message"]) == ("quarantined", "it is enough")
    things = {thing["kind"]: thing for thing in stuck_things(client)["things"]}
    assert things["quarantined"]["command"] == f"fastgraph runs retry {run_id}"
    assert things["quarantined"]["reason"] == "it is enough"
    assert command_line(*things["quarantined"]["command"].split()[1:], port=port)[0] == 0
    assert "quarantined" not in stuck_things(client)["counts"]
    commands = client.get(f"/api/monitoring/hosts/{host}").json()["commands"]
    assert [(c["kind"], c["outcome"]) for c in commands][:4] == [
        ("stop", "done"),
        ("restart", "refused"),
        ("restart", "done"),
        ("restart", "done"),
    ]


def test_a_drained_host_gives_its_runs_to_the_next_one(serving: Serving) -> None:
    client = serving.client
    run_id = client.create_run(workflow="walk", payload=WALK)
    begun(client, run_id)
    host = living_host(client)
    assert command_line("hosts", "drain", host, "--reason", "new cables", port=serving.port)[0] == 0
    living_host(client, other_than=host)
    before = client.run(run_id)["last_seq"]
    until(lambda: client.run(run_id)["last_seq"] > before + 3, within_seconds=LONG_SECONDS, what="news of it")
    ended = client.get(f"/api/monitoring/hosts/{host}").json()
    assert (ended["is_alive"], ended["ended_reason"]) == (False, "the host has ended in order")
    assert ended["commands"][0]["reason"] == "new cables"
    assert command_line("hosts", "drain", host, port=serving.port)[0] == 4


def test_a_host_with_too_many_abandoned_threads_drains_and_another_takes_its_place(serving: Serving) -> None:
    client = serving.client
    host = living_host(client)
    runs = [client.create_run(workflow="blocks") for _ in range(2)]
    for run_id in runs:
        until(
            lambda r=run_id: _is_at(client, r, "blocks"),
            within_seconds=LONG_SECONDS,
            what="a thread that blocks",
        )
        client.post(f"/api/runs/{run_id}/cancel", {})
    for run_id in runs:
        assert client.wait_until_ended(run_id, within_seconds=LONG_SECONDS)["status"] == "cancelled"
    living_host(client, other_than=host)
    until(lambda: "threads of cancelled tasks" in serving.program.output, what="the reason in the log")


@pytest.mark.parametrize("program", ["host", "serve"])
def test_a_second_sigterm_ends_at_once(program: str, start_program: ProgramStarter, tmp_path: Path) -> None:
    port = free_port()
    variables = {
        "FASTGRAPH_DATA_DIR": str(tmp_path / "data"),
        "FASTGRAPH_TARGETS": str(FLOWS),
        "FASTGRAPH_TEST_LEDGER": str(tmp_path / "ledger.txt"),
        "FASTGRAPH_DRAIN_SECONDS": "600",
    }
    if program == "host":
        _start(start_program, "api", "--port", str(port), variables=variables)
        told = _start(start_program, "host", variables=variables)
    else:
        told = _start(start_program, "serve", "--port", str(port), variables=variables)
    with ServerClient(port) as client:
        client.wait_until_healthy(within_seconds=LONG_SECONDS)
        run_id = client.create_run(workflow="blocks")
        _wait_for_event(client, run_id, "node_started")
    told.signal(signal.SIGTERM)

    def tell_again() -> bool:
        if told.is_running:
            told.signal(signal.SIGTERM)
        return not told.is_running

    until(tell_again, within_seconds=LONG_SECONDS, what="the end, long before the drain is over")
    assert told.wait_for_exit() == {"host": 3, "serve": 1}[program]


def _start(start_program: ProgramStarter, *arguments: str, variables: dict[str, str]) -> Program:
    return start_program.command(
        [sys.executable, "-m", "api.cli.main", *arguments],
        environment={"FASTGRAPH_LOG_LEVEL": "warning", **variables},
    )


def _walk(actor: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield actor
    for child in actor["children"]:
        yield from _walk(child)


def _actor(client: ServerClient, actor_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/monitoring/actors/{actor_id}").json()
    return found


def _is_gone(client: ServerClient, actor_id: str) -> bool:
    return client.get(f"/api/monitoring/actors/{actor_id}").status_code == 404


def _wait_for_event(client: ServerClient, run_id: str, kind: str) -> None:
    def look() -> bool:
        return any(event["event"] == kind for event in client.events(run_id))

    until(look, within_seconds=LONG_SECONDS, what=f"{kind} of run {run_id}")


def _is_at(client: ServerClient, run_id: str, node: str) -> bool:
    return any(event["event"] == "node_started" and event["node"] == node for event in client.events(run_id))
