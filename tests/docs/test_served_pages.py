"""What the pages tell a newcomer to type works on a real server: the README's first workflow, and those of workflows.md."""

import re
from pathlib import Path

import pytest

from support.pages import python_of, type_command
from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient
from support.sources import text
from support.waiting import until

LINES = re.compile(r"^ +\d+  \d\d:\d\d:\d\d\.\d{3}  .*$", re.MULTILINE)
CHANGING = re.compile(r"\d\d:\d\d:\d\d\.\d{3}|\b[0-9a-f]{24}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def serve_page(start_program: ProgramStarter, folder: Path, page: str, port: int) -> Program:
    """Serve the Python of a page as one file."""
    (folder / "flows.py").write_text(python_of(page))
    return start_program("-m", "api.cli.main", "serve", "flows.py", "--port", str(port), cwd=folder)


def test_the_first_workflow_of_the_readme_prints_what_is_shown(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    port, readme = free_port(), text(Path("README.md"))
    server = serve_page(start_program, tmp_path, "README.md", port)
    server.wait_for_line("serves on")
    with ServerClient(port) as client:
        client.wait_until_healthy()
    typed = next(line for line in readme.splitlines() if line.startswith("fastgraph run hello"))
    printed = LINES.findall(type_command(start_program, typed, port).output)
    assert [_steady(line) for line in printed] == [_steady(line) for line in LINES.findall(readme)]


@pytest.mark.slow
def test_the_workflows_of_the_page_work_on_a_server(start_program: ProgramStarter, tmp_path: Path) -> None:
    port = free_port()
    serve_page(start_program, tmp_path, "docs/workflows.md", port)
    given = {
        "count-words": ({"text": "to be\nor not"}, "words", 4),
        "halve": ({"goal": 3, "guess": 100}, "guess", 3),
        "measure-chapters": ({"chapters": ["one", "three", "twelve"]}, "lengths", [3, 5, 6]),
        "flaky": ({}, "attempts", 3),
        "invoice": ({"cents": 1250}, "cents", 1250),
    }
    with ServerClient(port) as client:
        client.wait_until_healthy()
        for workflow, (payload, key, expected) in given.items():
            run = client.wait_until_ended(client.create_run(workflow=workflow, payload=payload))
            assert (run["status"], run["result"][key]) == ("completed", expected), run
        first = client.create_run(workflow="count-words", payload={"text": "to be"})
        thread_id = client.wait_until_ended(first)["thread_id"]
        second = client.create_run(workflow="count-words", payload={"text": "that is"}, thread_id=thread_id)
        assert client.wait_until_ended(second)["result"]["lines"] == ["to be", "that is"]
        _answer_order(start_program, client, port)


def _answer_order(start_program: ProgramStarter, client: ServerClient, port: int) -> None:
    """The two lines of the page: start the order, answer it."""
    lines = [
        line for line in text(Path("docs/workflows.md")).splitlines() if line.startswith("fastgraph run")
    ]
    start, answer = (next(line for line in lines if word in line) for word in ("run order", "runs resume"))
    run_id = type_command(start_program, start, port).lines[-1].split()[0]
    until(lambda: client.run(run_id)["status"] == "interrupted", what="the question")
    type_command(start_program, answer.replace("$RUN_ID", run_id), port)
    assert client.wait_until_ended(run_id)["result"]["outcome"] == "bought"


def _steady(line: str) -> str:
    """A line without what differs from run to run: times, ids, the pieces of a batch."""
    return " ".join(CHANGING.sub("…", line).split())
