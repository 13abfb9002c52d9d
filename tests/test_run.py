"""The smoke test of the original description: create a run, find it, say its status.

As a program it talks to a server that runs already, and prints two lines; the status is the true one at that moment:

    python tests/test_run.py [--url http://127.0.0.1:8000]
    create: 200 {"run_id": "…"}
    found run: { "status": "running" }

Under pytest it starts the one command, as a newcomer does, and is the program against it.
"""

import argparse
import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.programs import ProgramStarter

URL = "http://127.0.0.1:8000"
REQUEST = {"name": "test-run", "payload": {"input": "hello world"}}
STATUSES = "queued|running|completed"


def main(arguments: list[str] | None = None) -> int:
    """Create a run and find it in the list; 1 where that did not work."""
    parser = argparse.ArgumentParser(description="Create a run on a FastGraph server and find it.")
    parser.add_argument("--url", default=URL, help="where the server is [default: %(default)s]")
    url = parser.parse_args(arguments).url.rstrip("/")
    try:
        status, answer = ask(f"{url}/api/runs/", REQUEST)
        print(f"create: {status} {json.dumps(answer)}")
        if status != 200:
            return 1
        _, runs = ask(f"{url}/api/runs/")
    except OSError as error:
        print(f"There is no server at {url}: {error}. Start one with `fastgraph serve`.", file=sys.stderr)
        return 1
    found = next((run for run in runs if run["run_id"] == answer["run_id"]), None)
    if found is None:
        print("found run: none", file=sys.stderr)
        return 1
    print(f'found run: {{ "status": "{found["status"]}" }}')
    return 0


def ask(url: str, body: Any = None) -> tuple[int, Any]:
    """Send a GET, or a POST where there is a body; answers the status and the JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_newcomers_first_run_is_created_and_found(start_program: "ProgramStarter", tmp_path: Path) -> None:
    server = start_program("-m", "api.cli.main", "serve", "--port", "0", cwd=tmp_path)
    url = server.wait_for_line(r"serves on (http://\S+)")[1]
    program = start_program(str(Path(__file__)), "--url", url)
    assert program.wait_for_exit() == 0, program.tail()
    created, found = program.lines
    assert re.fullmatch(r'create: 200 \{"run_id": "[0-9a-f-]{36}"\}', created)
    assert re.fullmatch(rf'found run: \{{ "status": "({STATUSES})" \}}', found)


def test_without_a_server_the_program_says_how_to_start_one(start_program: "ProgramStarter") -> None:
    program = start_program(str(Path(__file__)), "--url", "http://127.0.0.1:9")
    assert program.wait_for_exit() == 1
    assert "fastgraph serve" in program.output


if __name__ == "__main__":
    sys.exit(main())
