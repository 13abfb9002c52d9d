"""What the page on versions shows is what a reader sees whose waiting run would break with a changed file."""

import re
import sys
from functools import partial
from pathlib import Path

import pytest

from support.programs import ProgramStarter
from support.server import ServerClient
from support.serving import Serving
from support.sources import text
from support.waiting import until

PAGE = Path("docs", "how-to", "versions.md")
BLOCKS = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = re.compile(r"\b[0-9a-f]{4,}(?:-[0-9a-f]+)*…?")
VERSIONS = "/api/workflows/approve-order/versions"
FLOW = """
from typing import TypedDict
from fastgraph import END, START, StateGraph, interrupt

class State(TypedDict, total=False):
    who: str
    NOTES: str

def review(state: State) -> State:
    return {"NOTES": interrupt("well?")}

def sign(state: State) -> State:
    return {"NOTES": interrupt("sign?")}

builder = StateGraph(State).add_node("REVIEW", review).add_node(sign)
builder.add_conditional_edges(START, lambda state: "sign" if state["who"] == "boss" else "REVIEW", ["sign", "REVIEW"])
graph = builder.add_edge("REVIEW", END).add_edge("sign", END).compile(name="approve-order")
"""


@pytest.mark.slow
def test_a_changed_file_is_checked_and_its_runs_are_moved(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    shown, typed = BLOCKS.findall(text(PAGE))
    flows = tmp_path / "path" / "flows.py"
    flows.parent.mkdir()
    flows.write_text(_flow("review", "notes"))
    server = Serving(start_program, tmp_path, flows=flows)
    server.start()
    with server.client as client:
        runs = [
            client.create_run(workflow="approve-order", payload={"who": who})
            for who in ("boss", "Ada", "boss")
        ]
        for run_id in runs:
            until(partial(_is_asked, client, run_id), what="the question")
        flows.write_text(_flow("second_review", "notes"))
        command, *lines = shown.splitlines()
        code, printed = _type(start_program, tmp_path, server.port, command)
        assert code == 1
        seen = [_steady(line) for line in printed]
        assert [line for line in map(_steady, lines) if line not in seen] == [], printed
        flows.write_text(_flow("second_review", "remarks"))
        server.kill_all()
        server.start()
        until(lambda: len(client.get(VERSIONS).json()) == 2, what="the changed graph to be published")
        code, printed = _type(start_program, tmp_path, server.port, typed.strip())
        assert code == 0, printed
        until(lambda: _asks(client.events(runs[1])) == ["review", "second_review"], what="the question again")


def _flow(review: str, notes: str) -> str:
    return FLOW.replace("REVIEW", review).replace("NOTES", notes)


def _is_asked(client: ServerClient, run_id: str) -> bool:
    return bool(client.run(run_id)["status"] == "interrupted")


def _asks(events: list[dict[str, object]]) -> list[object]:
    return [event["node"] for event in events if event["event"] == "interrupted"]


def _type(start_program: ProgramStarter, folder: Path, port: int, line: str) -> tuple[int, list[str]]:
    words = [sys.executable, "-m", "api.cli.main", *line.removeprefix("$ fastgraph ").split()]
    variables = {"FASTGRAPH_URL": f"http://127.0.0.1:{port}"}
    program = start_program.command(words, cwd=folder, environment=variables)
    return program.wait_for_exit(), program.lines


def _steady(line: str) -> str:
    """A line without ids and hashes."""
    return " ".join(CHANGING.sub("…", line).split())
