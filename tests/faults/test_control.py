"""Orders of people hold whatever the server does: cancel and terminate in every state, pauses over kills, retries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import control_flows
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

FLOWS = Path(control_flows.__file__)
WAITS = {"asking": "interrupted", "napping": "sleeping", "listening": "waiting", "holding": "running"}


class Controlled(Serving):
    """A server whose held nodes go on when the test says so."""

    def __init__(self, start_program: ProgramStarter, folder: Path, **variables: str) -> None:
        self.gate = folder / "gate"
        self.gate.mkdir(exist_ok=True)
        settings = {"FASTGRAPH_LEASE_SECONDS": "3", "FASTGRAPH_POLL_SECONDS": "0.2", **variables}
        super().__init__(start_program, folder, flows=FLOWS, FASTGRAPH_TEST_GATE=str(self.gate), **settings)

    def open(self, *run_ids: str) -> None:
        """Let the held nodes of these runs go on."""
        for run_id in run_ids:
            (self.gate / run_id).touch()

    def order(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return httpx.post(f"{self.client.url}/api/{path}", json=body or {}, headers=headers, timeout=30)

    def reaches(self, run_id: str, status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            run = self.client.run(run_id)
            return run if run["status"] == status else None

        return until(look, within_seconds=30, what=f"{run_id} to be {status}")

    def words(self, run_id: str) -> list[str]:
        return [word for run, word, _ in self.ledger_lines() if run == run_id]

    def kinds(self, run_id: str) -> list[str]:
        return [event["event"] for event in self.client.events(run_id)]

    def audit(self, subject: str) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.client.url}/api/monitoring/audit", params={"subject": subject}, timeout=30)
        entries: list[dict[str, Any]] = found.raise_for_status().json()
        return entries

    def runs_in_every_state(self) -> dict[str, str]:
        """Return a run of each state that is no end: status -> run id."""
        runs = {status: self.client.create_run(workflow=name) for name, status in WAITS.items()}
        for status, run_id in runs.items():
            self.reaches(run_id, status)
        self.held(runs["running"])
        paused = self.client.create_run(workflow="asking")
        self.reaches(paused, "interrupted")
        assert self.order(f"runs/{paused}/pause").json()["status"] == "paused"
        assert self.order("workflows/quick/pause").status_code == 200
        return runs | {"paused": paused, "queued": self.client.create_run(workflow="quick")}

    def held(self, run_id: str, times: int = 1) -> None:
        until(lambda: len(self.words(run_id)) >= times, within_seconds=30, what="the held node")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    """One server for all tests that kill nothing."""
    folder = tmp_path_factory.mktemp("control")
    starter = ProgramStarter(folder)
    serving = Controlled(starter, folder)
    serving.start()
    with serving.client:
        yield serving
    starter.end_all()


@pytest.fixture
def mortal(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Controlled]:
    """A server of one test alone, which may kill it."""
    serving = Controlled(start_program, tmp_path)
    serving.start()
    with serving.client:
        yield serving


@pytest.mark.parametrize("action", ["cancel", "terminate"])
def test_cancel_always_works(server: Controlled, action: str) -> None:
    runs = server.runs_in_every_state()
    assert set(runs) == {"queued", "running", "interrupted", "sleeping", "waiting", "paused"}
    for run_id in runs.values():
        assert server.order(f"runs/{run_id}/{action}", {"reason": "enough"}).status_code == 202
    for run_id in runs.values():
        run = server.client.wait_until_ended(run_id, within_seconds=30)
        assert run["status"] == "cancelled"
        if action == "terminate":
            assert (run["error"]["type"], run["error"]["message"]) == ("Terminated", "enough")
        assert server.order(f"runs/{run_id}/{action}").status_code == 409
        entries = server.audit(f"run {run_id}")
        assert [entry["outcome"][:7] for entry in entries if entry["action"] == action] == ["refused", "done"]
    server.open(runs["running"])
    server.order("workflows/quick/unpause")


@pytest.mark.slow
def test_cancel_works_where_the_owner_is_dead_and_no_host_is_left(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    first = Controlled(start_program, tmp_path)
    first.start()
    with first.client:
        runs = {action: first.runs_in_every_state() for action in ("cancel", "terminate")}
        first.kill_all()
    alone = Controlled(start_program, tmp_path, FASTGRAPH_HOSTS="0")
    alone.start(wait=False)
    with alone.client:
        until(lambda: is_live(alone), within_seconds=60, what="the api alone")
        for action, ordered in runs.items():
            for run_id in ordered.values():
                assert alone.order(f"runs/{run_id}/{action}").status_code == 202
        for run_id in [*runs["cancel"].values(), *runs["terminate"].values()]:
            assert alone.client.wait_until_ended(run_id, within_seconds=30)["status"] == "cancelled"


def is_live(server: Controlled) -> bool:
    try:
        return server.client.get("/api/monitoring/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_boot_paused(start_program: ProgramStarter, tmp_path: Path) -> None:
    server = Controlled(start_program, tmp_path, FASTGRAPH_PAUSED="true")
    server.start()
    with server.client:
        assert server.client.get("/api/monitoring/health").json()["is_paused"]
        run_id = server.client.create_run(workflow="quick")
        waiting = until(lambda: server.client.run(run_id)["waiting_for"], what="what the run waits for")
        assert waiting == "an unpause: the server is paused"
        server.kill_host()  # also the next host starts nothing
        server.host_pid()
        assert server.kinds(run_id) == ["queued"]
        assert server.order("monitoring/unpause").json() == {"is_paused": False, "has_changed": True}
        assert server.client.wait_until_ended(run_id)["status"] == "completed"
        unpaused, paused = server.audit("server")
        assert (unpaused["who"], paused["who"]) == ("loopback", "settings")
        [started] = [event for event in server.client.events(run_id) if event["event"] == "started"]
        assert started["at"] >= unpaused["at"]


def test_second_pause_same_request_id_is_noop(server: Controlled) -> None:
    run_id = server.client.create_run(workflow="asking")
    server.reaches(run_id, "interrupted")
    pause = f"runs/{run_id}/pause"
    assert server.order(pause, {"reason": "lunch"}, key="one").json()["status"] == "paused"
    assert server.order(pause, {"reason": "lunch"}, key="one").json()["status"] == "paused"
    assert server.order(f"runs/{run_id}/unpause", key="two").json()["status"] == "interrupted"
    assert server.order(pause, {"reason": "lunch"}, key="one").json()["status"] == "interrupted"
    assert server.order(pause, {"reason": "tea"}, key="one").status_code == 409
    assert server.order(f"runs/{run_id}/unpause", key="one").status_code == 409
    assert server.kinds(run_id).count("paused") == 1
    done = [entry for entry in server.audit(f"run {run_id}") if entry["outcome"] == "done"]
    assert [(entry["action"], entry["request_id"]) for entry in done] == [
        ("unpause", "two"),
        ("pause", "one"),
    ]


def test_a_pause_survives_kill_9_and_the_run_goes_on_where_it_was(mortal: Controlled) -> None:
    run_id = mortal.client.create_run(workflow="holding")
    mortal.held(run_id)
    mortal.order(f"runs/{run_id}/pause")
    mortal.reaches(run_id, "paused")
    mortal.kill_all()
    mortal.start()
    other = mortal.client.create_run(workflow="quick")
    assert mortal.client.wait_until_ended(other)["status"] == "completed"
    assert mortal.client.run(run_id)["status"] == "paused"
    mortal.open(run_id)
    assert mortal.order(f"runs/{run_id}/unpause").status_code == 202
    assert mortal.client.wait_until_ended(run_id)["status"] == "completed"
    assert mortal.words(run_id) == [
        "held",
        "held",
        "after",
    ]  # the kill fell between the task's effect and its commit
    assert mortal.kinds(run_id).count("started") == 1


def test_a_paused_workflow_lets_its_tasks_end_and_goes_on_after(server: Controlled) -> None:
    run_id = server.client.create_run(workflow="walking")
    server.held(run_id, times=2)
    assert server.order("workflows/walking/pause").json() == {"is_paused": True, "has_changed": True}
    assert server.client.get("/api/workflows/walking").json()["is_paused"]
    until(
        lambda: server.client.run(run_id)["waiting_for"] == "an unpause: workflow 'walking' is paused",
        within_seconds=30,
        what="what the run waits for",
    )

    def rests() -> int | None:
        """How many steps there are, all of them ended."""
        events, steps = server.kinds(run_id), len(server.words(run_id))
        return steps if events.count("node_update") == events.count("node_started") == steps else None

    steps = until(rests, within_seconds=30, what="the end of the task that was under way")
    other = server.client.create_run(workflow="quick")
    assert server.client.wait_until_ended(other)["status"] == "completed"
    assert len(server.words(run_id)) == steps
    server.order("workflows/walking/unpause")
    server.held(run_id, times=steps + 1)
    server.open(run_id)
    assert server.client.wait_until_ended(run_id)["status"] == "completed"


def test_a_quarantined_run_is_retried_edited_and_discarded(server: Controlled) -> None:
    quarantined = server.client.create_run(workflow="holding")
    server.held(quarantined)
    assert server.order(f"runs/{quarantined}/discard").status_code == 409
    assert server.order(f"runs/{quarantined}/quarantine").json()["status"] == "quarantined"
    begun = server.order(f"runs/{quarantined}/retry", key="again").json()
    server.open(quarantined, begun["run_id"])
    assert server.order(f"runs/{quarantined}/retry", key="again").json() == begun
    retried = server.client.wait_until_ended(begun["run_id"])
    assert (retried["status"], retried["retried_from"]) == ("completed", quarantined)
    assert retried["thread_id"] == begun["thread_id"] == server.client.run(quarantined)["thread_id"]

    failed = server.client.create_run(workflow="failing")
    assert server.client.wait_until_ended(failed)["status"] == "failed"
    edited = server.order(f"runs/{failed}/retry", {"update": {"mended": True}}).json()["run_id"]
    ended = server.client.wait_until_ended(edited)
    assert (ended["status"], ended["result"]) == ("completed", {"mended": True, "said": "mended"})
    assert server.words(edited) == ["fail"]  # what had finished is not repeated
    assert server.client.run(failed)["settled_at"] is not None

    alone = server.client.create_run(workflow="asking")
    server.reaches(alone, "interrupted")
    server.order(f"runs/{alone}/quarantine")
    for _ in range(2):
        discarded = server.order(f"runs/{alone}/discard").json()
        assert (discarded["status"], discarded["settled_at"] is None) == ("quarantined", False)


def test_a_fork_goes_another_way_from_an_older_checkpoint(server: Controlled) -> None:
    failed = server.client.create_run(workflow="failing")
    assert server.client.wait_until_ended(failed)["status"] == "failed"
    begun = [event for event in server.client.events(failed) if event["event"] == "checkpoint"]
    place = {"checkpoint_id": begun[0]["data"]["checkpoint_id"], "update": {"mended": True}}
    forked = server.order(f"runs/{failed}/fork", place).json()["run_id"]
    assert server.client.wait_until_ended(forked)["result"] == {"mended": True, "said": "mended"}
    assert server.words(forked) == ["first", "fail"]
    as_node = server.order(f"runs/{failed}/fork", place | {"as_node": "first"}).json()["run_id"]
    assert server.client.wait_until_ended(as_node)["status"] == "completed"
    assert server.words(as_node) == ["fail"]
    unknown = place | {"update": {"no such key": 1}}
    refused = server.order(f"runs/{failed}/fork", unknown).json()["run_id"]
    assert server.client.wait_until_ended(refused)["error"]["type"] == "InvalidUpdateError"
