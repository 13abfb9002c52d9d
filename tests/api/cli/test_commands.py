"""The program `fastgraph` as it is typed: what it sends, prints and ends with, against a small real server."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.ports import free_port
from support.programs import ProgramStarter
from support.small_server import ARTIFACT, RUN, SmallServer, events_of

Fastgraph = Callable[..., subprocess.CompletedProcess[str]]

ENDED_WELL = events_of("queued", "started", "node_started:parse", "node_update:parse", "completed")


def test_run_prints_the_id_alone_and_sends_what_was_typed(fastgraph: Fastgraph, server: SmallServer) -> None:
    typed = ("run", "text-report", "--input", '{"input": "x"}', "--name", "mine", "--tag", "a", "--tag", "b")
    done = fastgraph(*typed, "--idempotency-key", "k", FASTGRAPH_URL=server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{RUN}\n", "")
    method, path, headers, body = server.requests[0]
    assert (method, path, headers["Idempotency-Key"]) == ("POST", "/api/runs/", "k")
    assert json.loads(body) == {
        "name": "mine",
        "workflow": "text-report",
        "payload": {"input": "x"},
        "tags": ["a", "b"],
    }


def test_run_reads_its_input_from_a_pipe_or_a_file(
    fastgraph: Fastgraph, server: SmallServer, tmp_path: Path
) -> None:
    (tmp_path / "in.json").write_text('{"input": "from a file"}')
    assert (
        fastgraph("run", "w", "--input", "-", "--url", server.url, stdin='{"input": "piped"}').returncode == 0
    )
    assert fastgraph("run", "w", "--input", "@in.json", "--url", server.url).returncode == 0
    assert [json.loads(body)["payload"]["input"] for *_, body in server.requests] == ["piped", "from a file"]


@pytest.mark.parametrize(
    ("status", "code"), [("completed", 0), ("failed", 1), ("quarantined", 1), ("cancelled", 3)]
)
def test_following_ends_with_the_code_of_how_the_run_ended(
    fastgraph: Fastgraph, server: SmallServer, status: str, code: int
) -> None:
    server.events = events_of("queued", "started", status)
    server.status = status
    if status == "failed":
        server.error = {"type": "ValueError", "message": "no text", "node": "parse", "attempt": 1}
    done = fastgraph("run", "text-report", "--follow", "--url", server.url)
    assert done.returncode == code
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert [line.split()[2] for line in lines] == ["queued", "started", status]
    if status == "failed":
        assert "failed in node parse: ValueError: no text" in done.stderr


def test_events_as_json_are_one_object_a_line(fastgraph: Fastgraph, server: SmallServer) -> None:
    server.events = ENDED_WELL
    followed = fastgraph("runs", "events", RUN, "--follow", "--json", "--after", "2", "--url", server.url)
    assert [json.loads(line) for line in followed.stdout.splitlines()] == ENDED_WELL[2:]
    stored = fastgraph("runs", "events", RUN, "--json", "--url", server.url)
    assert json.loads(stored.stdout) == ENDED_WELL


def test_ctrl_c_stops_the_watching_and_says_how_to_go_on(
    start_program: ProgramStarter, server: SmallServer
) -> None:
    server.events = ENDED_WELL
    server.hold_after = 3
    watching = start_program("-m", "api.cli.main", "runs", "events", RUN, "--follow", "--url", server.url)
    watching.wait_for_line("node_started")
    assert server.is_held.wait(10)
    watching.signal(signal.SIGINT)
    assert watching.wait_for_exit() == 130
    # A signal between the line and the note of its number shows that line twice, and never leaves one out.
    assert re.search(rf"fastgraph runs events {RUN} --follow --after [23]\b", watching.output)
    assert "Traceback" not in watching.output


@pytest.mark.skipif(os.name != "posix", reason="a terminal is made with pty")
def test_on_a_terminal_following_draws_the_run(server: SmallServer) -> None:
    import pty

    server.events = events_of("queued", "started", "node_started:parse", "node_update:parse", "completed")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "api.cli.main", "runs", "events", RUN, "--follow", "--url", server.url]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    watching = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    drawn = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(65536):
                drawn += piece
        except OSError:
            pass  # Linux says so when the other end is closed
    assert watching.wait(30) == 0
    text = drawn.decode()
    assert "✔" in text
    assert "parse" in text
    assert "\x1b[" in text
    assert f"Run {RUN} is completed." in text


def test_a_reader_that_goes_away_ends_the_command_quietly(server: SmallServer) -> None:
    server.events = events_of(*["log"] * 5000, "completed")
    command = f"{sys.executable} -m api.cli.main runs events {RUN} --follow --url {server.url} | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_lists_are_tables_that_a_pipe_can_cut(fastgraph: Fastgraph, server: SmallServer) -> None:
    done = fastgraph("runs", "list", "--status", "completed", "--limit", "1", "--url", server.url)
    head, row = done.stdout.splitlines()
    assert head.split()[:3] == ["run", "status", "workflow"]
    assert row.split()[:3] == [RUN, "completed", "text-report"]
    assert done.stderr == "1 of 7; --limit shows more.\n"
    assert server.requests[-1][1] == "/api/runs/?status=completed&limit=1"
    assert "text-report  default  Reports." in fastgraph("workflows", "list", "--url", server.url).stdout
    assert ARTIFACT in fastgraph("artifacts", "list", "--url", server.url).stdout


@pytest.mark.parametrize("noun", ["runs", "workflows", "artifacts"])
def test_every_list_can_be_json(fastgraph: Fastgraph, server: SmallServer, noun: str) -> None:
    found = json.loads(fastgraph(noun, "list", "--json", "--url", server.url).stdout)
    assert isinstance(found, list)
    assert len(found) == 1


def test_show_names_all_that_a_run_has(fastgraph: Fastgraph, server: SmallServer) -> None:
    shown = fastgraph("runs", "show", RUN, "--url", server.url).stdout
    assert 'payload      {"input": "hello"}' in shown
    assert 'result       {"words": 2}' in shown


@pytest.mark.parametrize(
    ("typed", "path", "body"),
    [
        (("cancel", RUN, "--reason", "no need"), f"/api/runs/{RUN}/cancel", {"reason": "no need"}),
        (("resume", RUN, "--answer", "true"), f"/api/runs/{RUN}/resume", {"resume": True}),
        (
            ("resume", RUN, "-a", '{"a": 1}', "--interrupt", "i"),
            f"/api/runs/{RUN}/resume",
            {"answers": {"i": {"a": 1}}},
        ),
        (("signal", RUN, "go on", "-b", "[1]"), f"/api/runs/{RUN}/signals/go%20on", [1]),
        (
            ("signal", RUN, "paid", "--dedup-id", "a b"),
            f"/api/runs/{RUN}/signals/paid?dedup_id=a+b",
            None,
        ),
    ],
)
def test_orders_are_sent_as_the_api_takes_them(
    fastgraph: Fastgraph, server: SmallServer, typed: tuple[str, ...], path: str, body: object
) -> None:
    done = fastgraph("runs", *typed, "--url", server.url)
    assert (done.returncode, done.stdout) == (0, f"{RUN} completed\n")
    assert (server.requests[0][1], json.loads(server.requests[0][3])) == (path, body)


def test_an_artifact_is_downloaded_under_its_bare_name_and_never_over_a_file(
    fastgraph: Fastgraph, server: SmallServer, tmp_path: Path
) -> None:
    first = fastgraph("artifacts", "get", ARTIFACT, "--url", server.url)
    assert (first.returncode, (tmp_path / "report.md").read_text()) == (0, "# A report\n")
    again = fastgraph("artifacts", "get", ARTIFACT, "--url", server.url)
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    assert fastgraph("artifacts", "get", ARTIFACT, "--force", "--url", server.url).returncode == 0
    assert fastgraph("artifacts", "get", ARTIFACT, "-o", "-", "--url", server.url).stdout == "# A report\n"
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_a_file_is_uploaded_as_it_is_with_its_name_and_type(
    fastgraph: Fastgraph, server: SmallServer, tmp_path: Path
) -> None:
    content = os.urandom(700_000)
    (tmp_path / "picture.png").write_bytes(content)
    done = fastgraph("artifacts", "put", "picture.png", "--url", server.url)
    assert (done.returncode, done.stdout) == (0, f"{ARTIFACT}\n")
    _, path, headers, body = server.requests[0]
    assert (path, headers["Content-Type"], body == content) == (
        "/api/artifacts?name=picture.png",
        "image/png",
        True,
    )


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        (("run", "unknown"), 4, "There is no workflow 'unknown'. Those that exist: text-report."),
        (("run", "w", "--input", "hello"), 2, "--input is no JSON"),
        (("run", "w", "--input", "@missing.json"), 2, "missing.json, which can't be read"),
        (("runs", "show", "no-run"), 4, "There is no such thing."),
        (("runs", "delete", "no-run"), 4, "Cancel it first."),
        (("artifacts", "put", "missing.txt"), 2, "missing.txt can't be read"),
    ],
)
def test_a_failure_is_one_sentence_on_stderr(
    fastgraph: Fastgraph, server: SmallServer, typed: tuple[str, ...], code: int, sentence: str
) -> None:
    done = fastgraph(*typed, "--url", server.url)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_without_a_server_the_sentence_says_how_to_start_one(fastgraph: Fastgraph) -> None:
    done = fastgraph("runs", "list", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 5
    assert "fastgraph serve" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    fastgraph: Fastgraph, server: SmallServer
) -> None:
    proxies = {name: f"http://127.0.0.1:{free_port()}" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    assert fastgraph("runs", "list", "--url", server.url, **proxies).returncode == 0


def test_help_needs_no_heavy_package() -> None:
    heavy = ["httpx", "rich", "pydantic", "sqlalchemy", "fastapi", "uvicorn", "orjson", "structlog"]
    program = (
        "import atexit, sys; from api.cli.main import main; sys.argv[1:] = ['--help']; "
        f"atexit.register(lambda: print([name for name in {heavy} if name in sys.modules])); main()"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


def test_help_shows_every_command_and_the_exit_codes(fastgraph: Fastgraph) -> None:
    shown = fastgraph("--help").stdout
    for word in (
        "serve",
        "dev",
        "api",
        "host",
        "run",
        "runs",
        "workflows",
        "artifacts",
        "doctor",
        "db",
        "Exit codes:",
    ):
        assert word in shown
    assert fastgraph("--version").stdout.startswith("fastgraph-server ")
    assert fastgraph("serve", "--prot", "1").returncode == 2
