"""`fastgraph serve`, `api`, `host` and `dev` as real processes with a user's workflow, driven by the command line."""

import json
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.ports import free_port
from support.programs import Program, ProgramStarter

Fastgraph = Callable[..., subprocess.CompletedProcess[str]]

FLOWS = """
from typing import TypedDict
from fastgraph import END, START, StateGraph, interrupt, log, progress, save_artifact

class State(TypedDict, total=False):
    name: str
    said: str
    answer: str

def parse(state):
    log("parsing", letters=len(state["name"]))
    progress(1, 2, "halves")
    return {"name": state["name"].strip()}

async def greet(state):
    if state["name"] == "nobody":
        raise ValueError("there is nobody to greet")
    save_artifact("greeting.txt", f"hello {state['name']}")
    return {"said": f"hello {state['name']}"}

def ask(state):
    return {"answer": interrupt({"question": "well?"})}

def tell(state):
    return {"said": f"VERSION one {state['answer']}"}

def chain(name, *nodes):
    builder = StateGraph(State)
    for node in nodes:
        builder.add_node(node.__name__, node)
    names = [START, *(node.__name__ for node in nodes), END]
    for before, after in zip(names, names[1:]):
        builder.add_edge(before, after)
    return builder.compile(name=name)

hello = chain("hello", parse, greet)
question = chain("question", parse, ask, tell)
"""
HANGS = """
import threading

def hang(state):
    log("it hangs now")
    threading.Event().wait()

hangs = chain("hangs", hang)
"""
SERVES = r"FastGraph serves on (http://127\.0\.0\.1:\d+)"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A user's file of workflows."""
    file = tmp_path / "flows.py"
    file.write_text(FLOWS)
    return file


def start(starter: ProgramStarter, *arguments: str) -> tuple[Program, str]:
    """Start a serving command on a free port and answer it with its URL, when it executes workflows."""
    program = starter("-m", "api.cli.main", *arguments, "--port", "0")
    url = program.wait_for_line(SERVES)[1]
    program.wait_for_http(f"{url}/api/monitoring/health", within_seconds=60)
    return program, url


def test_one_command_serves_executes_and_ends_in_order(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path, tmp_path: Path
) -> None:
    server, url = start(start_program, "serve", str(flows))
    done = fastgraph("run", "hello", "--input", '{"name": " you "}', "--follow", "--json", "--url", url)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr + server.tail()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    words = [event["event"] for event in events]
    assert {
        "queued",
        "started",
        "node_started",
        "log",
        "progress",
        "node_update",
        "artifact",
        "completed",
    } <= {*words}
    run_id = events[0]["run_id"]
    assert (
        json.loads(fastgraph("runs", "show", run_id, "--json", "--url", url).stdout)["result"]["said"]
        == "hello you"
    )
    artifact = next(event["data"]["artifact_id"] for event in events if event["event"] == "artifact")
    assert fastgraph("artifacts", "get", artifact, "--url", url).returncode == 0
    assert (tmp_path / "greeting.txt").read_text() == "hello you"
    assert fastgraph("doctor", "--url", url).returncode == 0
    assert len(server.processes()) >= 2
    assert server.terminate(within_seconds=10) == 0
    assert server.processes() == []


def test_a_run_that_fails_says_where_and_why(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path
) -> None:
    _, url = start(start_program, "serve", str(flows))
    done = fastgraph("run", "hello", "--input", '{"name": "nobody"}', "--follow", "--url", url)
    assert done.returncode == 1
    assert "failed in node greet: ValueError: there is nobody to greet" in done.stderr
    assert fastgraph("run", "goodbye", "--url", url).returncode == 4
    refused = fastgraph("run", "hello", "--input", '{"name": 5}', "--url", url)
    assert (refused.returncode, "name" in refused.stderr) == (4, True)


def test_a_run_is_answered_cancelled_listed_and_deleted(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path
) -> None:
    _, url = start(start_program, "serve", str(flows))
    run_id = fastgraph(
        "run", "question", "--input", '{"name": "x"}', "--tag", "t", "--url", url
    ).stdout.strip()
    watching = start_program("-m", "api.cli.main", "runs", "events", run_id, "--follow", "--url", url)
    watching.wait_for_line("interrupted")
    assert run_id in fastgraph("runs", "list", "--status", "interrupted", "--tag", "t", "--url", url).stdout
    assert "well?" in fastgraph("runs", "show", run_id, "--url", url).stdout
    refused = fastgraph("runs", "delete", run_id, "--url", url)
    assert refused.returncode == 4
    assert fastgraph("runs", "resume", run_id, "--answer", '"yes"', "--url", url).returncode == 0
    assert watching.wait_for_exit() == 0
    assert fastgraph("runs", "delete", run_id, "--url", url).returncode == 0
    assert fastgraph("runs", "show", run_id, "--url", url).returncode == 4
    second = fastgraph("run", "question", "--input", '{"name": "x"}', "--url", url).stdout.strip()
    assert fastgraph("runs", "cancel", second, "--url", url).returncode == 0
    assert fastgraph("runs", "events", second, "--follow", "--url", url).returncode == 3


def test_watching_goes_on_over_a_restart_of_the_api_alone(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path
) -> None:
    port = str(free_port())
    host = start_program("-m", "api.cli.main", "host", str(flows))
    api = start_program("-m", "api.cli.main", "api", "--port", port)
    url = api.wait_for_line(SERVES)[1]
    api.wait_for_http(f"{url}/api/monitoring/health")
    run_id = fastgraph("run", "question", "--input", '{"name": "x"}', "--url", url).stdout.strip()
    watching = start_program(
        "-m", "api.cli.main", "runs", "events", run_id, "--follow", "--json", "--url", url
    )
    watching.wait_for_line("interrupted")
    api.kill()
    start_program("-m", "api.cli.main", "api", "--port", port).wait_for_line(SERVES)
    assert fastgraph("runs", "resume", run_id, "--answer", "1", "--url", url).returncode == 0
    assert watching.wait_for_exit() == 0
    seqs = [json.loads(line)["seq"] for line in watching.lines if line.startswith("{")]
    assert seqs == list(range(1, len(seqs) + 1))
    assert host.terminate() == 0


def test_a_host_is_the_boot_file_and_never_holds_the_api(start_program: ProgramStarter, flows: Path) -> None:
    host = start_program("-m", "api.cli.main", "host", str(flows))
    start(start_program, "api")
    command = Path(f"/proc/{host.pid}/cmdline")
    if command.exists():
        assert "boot.py" in command.read_text()
        assert "api.cli" not in command.read_text()


def test_a_host_whose_target_is_missing_says_so_and_ends(start_program: ProgramStarter) -> None:
    host = start_program("-m", "api.cli.main", "host", "nowhere.py")
    assert host.wait_for_exit() == 2
    assert "nowhere.py" in host.output
    assert "Traceback" not in host.output


def test_dev_takes_up_an_edited_workflow_while_a_run_of_it_waits(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path
) -> None:
    server, url = start(start_program, "dev", str(flows))
    server.wait_for_line("Watching .* for changes")
    run_id = fastgraph("run", "question", "--input", '{"name": "x"}', "--url", url).stdout.strip()
    watching = start_program("-m", "api.cli.main", "runs", "events", run_id, "--follow", "--url", url)
    watching.wait_for_line("interrupted")
    flows.write_text(FLOWS.replace("VERSION one", "VERSION two"))
    server.wait_for_line("flows.py changed")
    server.wait_for_http(f"{url}/api/monitoring/health")
    assert fastgraph("runs", "resume", run_id, "--answer", '"yes"', "--url", url).returncode == 0
    assert watching.wait_for_exit() == 0
    result = json.loads(fastgraph("runs", "show", run_id, "--json", "--url", url).stdout)["result"]
    assert result["said"] == "VERSION two yes"
    assert server.terminate(within_seconds=10) == 0


@pytest.mark.parametrize("command", ["serve", "api", "dev"])
def test_a_port_that_is_taken_is_one_sentence(fastgraph: Fastgraph, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fastgraph(command, "--port", str(port))
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--host", "203.0.113.7"), "203.0.113.7 is no address of this machine"),
        (("--data-dir", "a-file/data"), "can't be written to"),
        (("--database-url", "mysql://here"), "mysql"),
        (("--database-url", "postgresql+psycopg://x@127.0.0.1:1/y"), "The store does not answer"),
    ],
)
def test_what_stands_in_the_way_of_a_start_is_one_sentence(
    fastgraph: Fastgraph, tmp_path: Path, arguments: tuple[str, str], sentence: str
) -> None:
    (tmp_path / "a-file").write_text("")
    done = fastgraph("serve", *arguments, "--port", "0")
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_a_store_of_a_newer_program_is_not_served(fastgraph: Fastgraph, tmp_path: Path) -> None:
    assert fastgraph("db", "upgrade").returncode == 0
    connection = sqlite3.connect(tmp_path / "data" / "fastgraph.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    done = fastgraph("api", "--port", "0")
    assert (done.returncode, "9999" in done.stderr, done.stderr.count("\n")) == (6, True, 1)


def test_ctrl_c_ends_the_server_in_order(start_program: ProgramStarter, flows: Path) -> None:
    server, _ = start(start_program, "serve", str(flows))
    server.signal(signal.SIGINT)
    assert server.wait_for_exit(within_seconds=10) == 0
    assert "Traceback" not in server.output
    assert server.processes() == []


def test_postgresql_is_served_as_well(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path, postgres_database: str
) -> None:
    server, url = start(start_program, "serve", str(flows), "--database-url", postgres_database)
    done = fastgraph("run", "hello", "--input", '{"name": "you"}', "--follow", "--url", url)
    assert done.returncode == 0, done.stderr + server.tail()
    assert server.terminate(within_seconds=10) == 0


def test_a_node_that_never_returns_does_not_hold_up_the_end(
    fastgraph: Fastgraph, start_program: ProgramStarter, flows: Path
) -> None:
    flows.write_text(FLOWS + HANGS)
    server, url = start(start_program, "serve", str(flows))
    run_id = fastgraph("run", "hangs", "--url", url).stdout.strip()
    watching = start_program("-m", "api.cli.main", "runs", "events", run_id, "--follow", "--url", url)
    watching.wait_for_line("it hangs now")
    assert server.terminate(within_seconds=10) == 0
    assert server.processes() == []
