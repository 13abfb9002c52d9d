"""A user's project with its own package `api` works entirely; one that takes our names for its own is told so."""

import os
import sys
from pathlib import Path

import pytest

from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient

FLOW = """
from typing import TypedDict

from api.words import WORD
from fastgraph import END, START, StateGraph


class State(TypedDict, total=False):
    word: str


def say(state: State) -> State:
    return {"word": WORD}


builder = StateGraph(State)
builder.add_node(say)
builder.add_edge(START, "say")
builder.add_edge("say", END)
graph = builder.compile(name="say")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a package of its own called `api`."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("")
    (tmp_path / "api" / "words.py").write_text('WORD = "mine"\n')
    (tmp_path / "flows.py").write_text(FLOW)
    return tmp_path


def _command(*arguments: str) -> list[str]:
    """The console script, as a user calls it: Python's own folder comes first on its path and not the user's."""
    return [str(Path(sys.executable).with_name("fastgraph")), *arguments]


@pytest.mark.parametrize("target", ["flows.py", "flows.py:graph", "flows", "flows:graph"])
def test_a_package_called_api_is_the_users_own(
    start_program: ProgramStarter, project: Path, target: str
) -> None:
    port = free_port()
    start_program.command(_command("serve", target, "--port", str(port)), cwd=project)
    with ServerClient(port) as client:
        client.wait_until_healthy(within_seconds=60)
        run = client.wait_until_ended(client.create_run(workflow="say"))
    assert (run["status"], run["result"]) == ("completed", {"word": "mine"})


@pytest.mark.parametrize("name", ["actors", "fastgraph"])
@pytest.mark.parametrize("target", ["flows.py", "flows"])
def test_a_package_of_our_name_is_named(
    start_program: ProgramStarter, project: Path, name: str, target: str
) -> None:
    (project / name).mkdir()
    (project / name / "__init__.py").write_text("")
    host: Program = start_program.command(_command("host", target), cwd=project)
    assert host.wait_for_exit(within_seconds=60) == 2
    assert f"{os.sep}{name}{os.sep}" in host.output
    assert "Rename yours" in host.output
