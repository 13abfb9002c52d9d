"""`supervisord -c supervisord.conf` runs the server, and each program that is killed comes back by itself."""

import os
import shutil
import signal
import sys
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor.xmlrpc import SupervisorTransport

from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.server import ServerClient
from support.sources import ROOT
from support.waiting import until

pytestmark = pytest.mark.slow

PROGRAMS = ["api", "host:host_0", "host:host_1"]
START_SECONDS = 60


FLOWS = """
from typing import TypedDict
from fastgraph import END, START, StateGraph

class State(TypedDict):
    input: str

def parse(state: State) -> State:
    return {"input": state["input"].upper()}

builder = StateGraph(State)
builder.add_node("parse", parse)
builder.add_edge(START, "parse")
builder.add_edge("parse", END)
graph = builder.compile(name="shout")
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def supervisord(start_program: ProgramStarter, tmp_path: Path, port: int) -> Program:
    """The shipped file in a user's folder, with a workflow that the folder's `.env` names."""
    shutil.copy(ROOT / "supervisord.conf", tmp_path)
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / ".env").write_text("FASTGRAPH_TARGETS=flows.py\n")
    environment = {
        "FASTGRAPH_PORT": str(port),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return start_program(
        "-m", "supervisor.supervisord", "-c", "supervisord.conf", cwd=tmp_path, environment=environment
    )


@pytest.fixture
def server(supervisord: Program, port: int) -> Iterator[ServerClient]:
    with ServerClient(port) as client:
        try:
            client.wait_until_healthy(within_seconds=START_SECONDS)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{supervisord.tail()}") from late
        yield client


def test_each_program_that_is_killed_comes_back(
    supervisord: Program, server: ServerClient, tmp_path: Path
) -> None:
    assert server.wait_until_ended(server.create_run(payload={"input": "before"}))["status"] == "completed"
    for name in PROGRAMS:
        killed = _running(tmp_path, name)
        os.kill(killed, signal.SIGKILL)
        until(lambda: _running(tmp_path, name) not in {0, killed}, what=f"a new {name}")  # noqa: B023
        server.wait_until_healthy()
        run = server.wait_until_ended(server.create_run(payload={"input": f"after the death of {name}"}))
        assert run["status"] == "completed", supervisord.tail()


def test_it_ends_in_order_and_leaves_nothing_behind(supervisord: Program, server: ServerClient) -> None:
    assert len(supervisord.processes()) >= 4
    assert supervisord.terminate(within_seconds=40) == 0
    until(lambda: not supervisord.processes(), what="the end of every process")


def _running(folder: Path, name: str) -> int:
    """Process id of a program that is in the state RUNNING, else 0."""
    transport = SupervisorTransport(None, None, f"unix://{folder / 'supervisor.sock'}")
    with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
        found = proxy.supervisor.getProcessInfo(name)
    assert isinstance(found, dict)
    return int(found["pid"]) if found["statename"] == "RUNNING" else 0
