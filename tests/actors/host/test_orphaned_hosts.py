"""A host whose keeper was killed: it gives its runs back before it ends, so that none is held to account for that."""

import os
import signal
from pathlib import Path

from fastgraph.database.freeing import RETIRED
from support import poison_flows
from support.hosts import is_gone
from support.programs import ProgramStarter
from support.serving import Serving
from support.sqlite_rows import read_row
from support.waiting import until

FLOWS = Path(poison_flows.__file__)


def test_a_task_that_takes_longer_than_the_orphan_lives_counts_no_death(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    server = Serving(start_program, tmp_path, flows=FLOWS)
    server.start()
    with server.client as client:
        run_id = client.create_run(workflow="slow", payload={"seconds": 600})
        until(
            lambda: any(event["event"] == "node_started" for event in client.events(run_id)),
            what="the task to begin",
        )
        host = server.host_pid()
        server.kill_api()
    until(lambda: is_gone(host), within_seconds=30, what="the end of the orphan")
    data = tmp_path / "data"
    assert read_row(data, "SELECT status, owner, deaths FROM runs") == ("running", None, 0)
    assert read_row(data, "SELECT ended_reason FROM hosts") == (RETIRED,)


def test_a_run_on_probation_goes_on_when_the_host_that_started_its_own_one_dies(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    server = Serving(start_program, tmp_path, flows=FLOWS)
    server.start()
    data = tmp_path / "data"

    def begun(run_id: str, times: int) -> int | None:
        """The process that executes the task for the so-manieth time."""
        events = [event["event"] for event in server.client.events(run_id)]
        row = read_row(data, "SELECT pid FROM runs JOIN hosts ON boot_id = owner")
        return row[0] if row and events.count("node_started") == times else None

    with server.client as client:
        run_id = client.create_run(workflow="slow", payload={"seconds": 8})
        for times in (1, 2):
            host = until(lambda times=times: begun(run_id, times), what="the task to begin")
            os.kill(host, signal.SIGKILL)
        alone = until(
            lambda: begun(run_id, 3), within_seconds=60, what="the task to begin in a host of its own"
        )
        parent = read_row(data, f"SELECT pid FROM hosts WHERE ended_at IS NULL AND pid != {alone}")[0]
        os.kill(parent, signal.SIGKILL)
        run = client.wait_until_ended(run_id)
        told = [event["event"] for event in client.events(run_id)]
    assert run["status"] == "completed"
    assert (told.count("recovered"), told.count("node_started")) == (2, 3)
