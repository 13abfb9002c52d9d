"""kill -9 in the middle: typed values are themselves afterwards, and the console has what was said before and after."""

from pathlib import Path

from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

FLOWS = Path(__file__).parents[1] / "support" / "typed_flows.py"


def test_typed_values_and_lines_are_there_after_a_kill(start_program: ProgramStarter, tmp_path: Path) -> None:
    server = Serving(start_program, tmp_path, flows=FLOWS)
    server.start()
    with server.client as client:
        run_id = client.create_run(workflow="typed", payload={"folder_of_test": str(tmp_path)})
        until(lambda: (tmp_path / "here").exists() or None, what="the node that holds")
        until(lambda: "holding" in _lines(client, run_id) or None, what="its line in the store")
        server.kill_host()
        (tmp_path / "go").write_text("")
        run = client.wait_until_ended(run_id)
        assert run["status"] == "completed", run
        assert run["result"]["wrong"] == []
        assert run["result"]["raw"] == "AP8="
        assert _lines(client, run_id) == ["filled", "holding", "holding", "compared"]
        kinds = [event["event"] for event in client.events(run_id)]
        assert "recovered" in kinds


def _lines(client: object, run_id: str) -> list[str]:
    return [event["data"]["message"] for event in client.events(run_id) if event["event"] == "log"]  # type: ignore[attr-defined]
