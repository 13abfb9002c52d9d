"""A pause of the whole server and its end reach a host by a hint: its polls are an hour apart here."""

from pathlib import Path
from typing import Any

from support.programs import ProgramStarter
from support.serving import Serving
from support.sqlite_rows import read_row
from support.waiting import until

HOUR = "3600"


def test_a_pause_of_the_server_and_its_end_reach_a_host_at_once(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    server = Serving(start_program, tmp_path, FASTGRAPH_POLL_SECONDS=HOUR, FASTGRAPH_LEASE_SECONDS="21600")
    server.start()

    def owner() -> Any:
        return read_row(tmp_path / "data", "SELECT owner FROM runs")[0]

    with server.client as client:
        run_id = client.create_run(workflow="walk", payload={"steps": 20, "pause_seconds": 0.2})
        until(lambda: len(server.ledger_lines()) >= 2, what="the run to go")
        assert client.post("/api/monitoring/pause", {}).json()["has_changed"]
        until(lambda: owner() is None, what="the run to be given back")
        assert client.run(run_id)["status"] == "running"
        assert client.post("/api/monitoring/unpause", {}).json()["has_changed"]
        assert client.wait_until_ended(run_id)["status"] == "completed"
    assert len(server.ledger_lines()) == 20, "each step once"
