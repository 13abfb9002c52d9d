"""Console and store on a real server: whatever executes a node, its lines arrive and it finds what was remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.programs import ProgramStarter
from support.serving import Serving

FLOWS = Path(__file__).parents[2] / "support" / "talking_flows.py"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("talking")
    programs = ProgramStarter(folder)
    server = Serving(programs, folder, flows=FLOWS)
    try:
        server.start()
        with server.client:
            yield server
    finally:
        programs.end_all()


@pytest.mark.parametrize("workflow", ["in-thread", "on-loop", "in-process"])
def test_lines_arrive_and_what_was_remembered_is_found(serving: Serving, workflow: str) -> None:
    client = serving.client
    for visit in (1, 2):
        run = client.wait_until_ended(client.create_run(workflow=workflow, payload={"user": workflow}))
        assert run["status"] == "completed", run
        assert run["result"]["visits"] == visit
        lines = [event["data"] for event in client.events(run["run_id"]) if event["event"] == "log"]
        assert [line["message"] for line in (lines[0], lines[-1])] == [f"hello {workflow}", f"visit {visit}"]
        [logged] = [line for line in lines if line["logger"] == "shop.orders"]
        pid = int(logged["message"].removeprefix("pid "))
        assert (pid == serving.host_pid()) is (workflow != "in-process")


def test_what_is_remembered_outlives_the_host(serving: Serving) -> None:
    client = serving.client
    client.wait_until_ended(client.create_run(workflow="in-thread", payload={"user": "ada"}))
    serving.kill_host()
    run = client.wait_until_ended(client.create_run(workflow="in-thread", payload={"user": "ada"}))
    assert run["result"]["visits"] == 2
    item = client.get("/api/store/items?namespace=visits&key=ada").json()
    assert item["value"] == {"n": 2}
