"""A host whose keeper was killed: it gives its runs back before it ends, so that none is held to account for that."""

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
