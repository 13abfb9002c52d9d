"""The commands of the pages are typed into a shell, against a server of what the page is about.

What starts and kills servers is typed in `test_tutorial.py` and `test_served_pages.py`; what installs packages or needs a
file of the reader's is left out.
"""

import re
import shutil
import sys
from pathlib import Path

import pytest

from support.pages import python_of
from support.programs import ProgramStarter
from support.server import ServerClient
from support.serving import Serving
from support.sources import ROOT, text
from support.waiting import until

BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):8000")
NEEDS_CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
FAILS_ON_ERRORS = 'curl() { command curl --fail-with-body --silent --show-error "$@"; }\n'


@NEEDS_CURL
@pytest.mark.slow
def test_what_the_pages_say_about_http_works(start_program: ProgramStarter, tmp_path: Path) -> None:
    serving = Serving(start_program, tmp_path, flows=ROOT / "examples" / "text_report.py")
    serving.start()
    (tmp_path / "book.txt").write_text("a book")
    with serving.client as client:
        run_id = client.create_run(workflow="text-report", payload={"input": "sonnets"})
        report = client.wait_until_ended(run_id)["result"]["artifacts"]["report"]
        shell = Shell(start_program, tmp_path, serving.port, RUN_ID=run_id, ARTIFACT_ID=report)
        assert "gettysburg" in shell.type_block("README.md", "fastgraph run text-report")
        shell.type_block("README.md", "curl -F", without="websockets ")
        assert (tmp_path / "report.md").is_file()
        shell.type_block("docs/http-api.md", "curl -X POST localhost:8000/api/runs/")
        assert '"name":"green"' in shell.type_block("docs/how-to/store.md", "curl").replace(" ", "")


@NEEDS_CURL
@pytest.mark.slow
def test_a_signal_is_sent_as_the_page_says(start_program: ProgramStarter, tmp_path: Path) -> None:
    with _serve("docs/how-to/signals.md", start_program, tmp_path) as client:
        run_id = client.create_run(workflow="order", payload={})
        until(lambda: client.run(run_id)["status"] == "waiting", what="the wait")
        shell = Shell(start_program, tmp_path, _port_of(client), RUN_ID=run_id)
        lines = shell.lines_of("docs/how-to/signals.md", "curl")
        assert len(lines) == 2
        shell.type(lines[0])
        assert client.wait_until_ended(run_id)["result"] == {"outcome": "paid 4900"}
        again = client.create_run(workflow="order", payload={})
        until(lambda: client.run(again)["status"] == "waiting", what="the wait")
        Shell(start_program, tmp_path, _port_of(client), RUN_ID=again).type(lines[1])
        assert client.wait_until_ended(again)["result"] == {"outcome": "paid 4900"}


@NEEDS_CURL
@pytest.mark.slow
def test_a_thread_is_changed_as_the_page_says(start_program: ProgramStarter, tmp_path: Path) -> None:
    with _serve("docs/how-to/time-travel.md", start_program, tmp_path) as client:
        thread_id = client.wait_until_ended(client.create_run(payload={"trail": []}))["thread_id"]
        shell = Shell(start_program, tmp_path, _port_of(client), THREAD_ID=thread_id)
        assert "checkpoint_id" in shell.type_block(
            "docs/http-api.md", "curl -X POST localhost:8000/api/threads"
        )
        gone_on = client.create_run(payload=None, thread_id=thread_id)
        assert client.wait_until_ended(gone_on)["result"]["trail"] == ["search", "buy for 120", "buy for 90"]


@NEEDS_CURL
@pytest.mark.slow
def test_runs_are_controlled_as_the_page_says(start_program: ProgramStarter, tmp_path: Path) -> None:
    page = "docs/how-to/control.md"
    with _serve(page, start_program, tmp_path) as client:
        asking = client.create_run(payload={"host": "example.com"})
        failing = client.create_run(payload={"host": "nowhere"})
        for run_id in (asking, failing):
            until(lambda run_id=run_id: client.run(run_id)["status"] == "interrupted", what="the question")
        client.post(f"/api/runs/{failing}/resume", {"resume": True})
        assert client.wait_until_ended(failing)["status"] == "failed"
        shell = Shell(start_program, tmp_path, _port_of(client), RUN_ID=asking, FAILED_ID=failing)
        assert f"{asking} paused" in shell.type_block(page, "fastgraph runs pause")
        assert client.wait_until_ended(asking)["result"]["published"] == "https://example.com/"
        assert "The server is not paused." in shell.type_block(page, "fastgraph workflows pause")
        again = shell.type_block(page, "fastgraph runs retry").split()[-1]
        assert client.wait_until_ended(again)["result"]["published"] == "https://example.org/"
        assert client.run(again)["retried_from"] == failing
        shell.type_block(page, "fastgraph runs discard")
        forks = shell.type_block(page, "fastgraph runs fork").split()
        for forked in forks[-2:]:
            assert client.wait_until_ended(forked)["status"] in {"completed", "failed"}
        waiting = client.create_run(payload={"host": "example.com"})
        until(lambda: client.run(waiting)["status"] == "interrupted", what="the question")
        Shell(start_program, tmp_path, _port_of(client), RUN_ID=waiting).type_block(page, "freeze-1")
        assert [event["event"] for event in client.events(waiting)].count("paused") == 1
        assert "discard" in shell.type_block(page, "fastgraph audit")


def test_the_line_that_moves_imports_moves_imports_only(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        'from langgraph.graph import END\nimport langgraph\nimport langgraph_sdk\nname = "langgraph"\n'
    )
    Shell(start_program, tmp_path, 0).type_block("docs/langgraph.md", "sed")
    moved = 'from fastgraph.graph import END\nimport fastgraph\nimport langgraph_sdk\nname = "langgraph"\n'
    assert program.read_text() == moved


class Shell:
    """A reader's shell: where the page says port 8000 it is the test's, and an answer that is an error ends it."""

    def __init__(self, start_program: ProgramStarter, folder: Path, port: int, **variables: str) -> None:
        self._start_program = start_program
        self._folder = folder
        self._port = port
        self._variables = {
            **variables,
            "FASTGRAPH_URL": f"http://127.0.0.1:{port}",
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        }

    def type_block(self, page: str, words: str, *, without: str = "\n") -> str:
        """Type the block that has these words, but for lines that begin otherwise; return what was printed."""
        lines = self.lines_of(page, words)
        return self.type("\n".join(line for line in lines if not line.startswith(without)))

    def lines_of(self, page: str, words: str) -> list[str]:
        block = next(block for block in BLOCK.findall(text(Path(page))) if words in block)
        return [line.removeprefix("$ ") for line in block.splitlines()]

    def type(self, script: str) -> str:
        typed = ADDRESS.sub(f"127.0.0.1:{self._port}", FAILS_ON_ERRORS + script)
        program = self._start_program.command(
            ["sh", "-ec", typed], cwd=self._folder, environment=self._variables
        )
        assert program.wait_for_exit() == 0, program.tail()
        return program.output


def _serve(page: str, start_program: ProgramStarter, folder: Path) -> ServerClient:
    """Serve the Python of a page."""
    flows = folder / "flows.py"
    flows.write_text(python_of(page))
    serving = Serving(start_program, folder, flows=flows)
    serving.start()
    return serving.client


def _port_of(client: ServerClient) -> int:
    return int(client.url.rpartition(":")[2])
