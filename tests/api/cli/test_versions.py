"""`fastgraph workflows check` and `migrate` against a real server whose workflow has changed under a waiting run."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

FLOW = """
import operator
from typing import Annotated, TypedDict
from fastgraph import END, START, StateGraph, interrupt

class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]

def first(state: State) -> State:
    return {"log": ["first"]}

def NODE(state: State) -> State:
    return {"log": [interrupt("well?")]}

builder = StateGraph(State).add_node("first", first).add_node("NODE", NODE)
graph = builder.add_edge(START, "first").add_edge("first", "NODE").add_edge("NODE", END).compile(name="changing")
"""


def fastgraph(server: Serving, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "api.cli.main", *arguments, "--url", server.client.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_changed_workflow_is_checked_before_it_breaks_a_run_and_the_run_is_moved(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    flows = tmp_path / "changing_flows.py"
    flows.write_text(FLOW.replace("NODE", "asks"))
    server = Serving(start_program, tmp_path, flows=flows)
    server.start()
    with server.client:
        run_id = server.client.create_run(workflow="changing")
        until(lambda: server.client.run(run_id)["status"] == "interrupted", what="the question")
        assert "no run stands on another version" in fastgraph(server, "workflows", "check").stdout
        flows.write_text(FLOW.replace("NODE", "inquires"))

        before = fastgraph(server, "workflows", "check", "--target", str(flows))
        assert before.returncode == 1, before.stderr
        assert "1 of 1 runs on other versions would break" in before.stdout
        assert "no node 'asks'" in before.stdout

        server.kill_all()
        server.start()
        httpx.post(f"{server.client.url}/api/runs/{run_id}/resume", json={"resume": "yes"}, trust_env=False)
        held = until(
            lambda: (
                run if "has changed" in ((run := server.client.run(run_id))["waiting_for"] or "") else None
            ),
            what="the run to be held",
        )
        assert held["status"] == "interrupted"
        after = json.loads(fastgraph(server, "workflows", "check", "changing", "--json").stdout)
        assert (after[0]["breaking"], after[0]["runs"][0]["run_id"]) == (1, run_id)

        refused = fastgraph(server, "workflows", "migrate", "changing")
        assert refused.returncode == 1
        assert "Say what takes its place" in refused.stdout
        moved = fastgraph(server, "workflows", "migrate", "changing", "--node", "asks=inquires")
        assert moved.returncode == 0, moved.stdout + moved.stderr
        until(
            lambda: [event for event in server.client.events(run_id) if event["event"] == "interrupted"][1:],
            what="the question under its new name",
        )
        until(lambda: server.client.run(run_id)["status"] == "interrupted", what="the run to wait again")
        httpx.post(
            f"{server.client.url}/api/runs/{run_id}/resume", json={"resume": "yes"}, trust_env=False
        ).raise_for_status()
        run = server.client.wait_until_ended(run_id)
        assert run["result"] == {"log": ["first", "yes"]}
        versions = server.client.get("/api/workflows/changing/versions").json()
        assert [version["hosts"] for version in versions] == [1, 0]


@pytest.mark.parametrize("typed", ["nonsense", "=new"])
def test_places_that_are_no_pairs_are_refused(typed: str) -> None:
    command = [sys.executable, "-m", "api.cli.main", "workflows", "migrate", "w", "--node", typed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "should look like old=new" in done.stderr


def test_what_a_workflow_has_in_the_cache_is_forgotten(start_program: ProgramStarter, tmp_path: Path) -> None:
    flows = tmp_path / "cached_flows.py"
    cached = FLOW.replace('interrupt("well?")', '"done"').replace(
        ", NODE)", ", NODE, cache_policy=CachePolicy())"
    )
    flows.write_text(cached.replace("interrupt", "CachePolicy").replace("NODE", "asks"))
    server = Serving(start_program, tmp_path, flows=flows)
    server.start()
    with server.client:
        run = server.client.wait_until_ended(server.client.create_run(workflow="changing"))
        assert run["status"] == "completed", run
        command = ("workflows", "clear-cache", "changing")
        assert "0 kept results" in fastgraph(server, *command, "--node", "first").stderr
        assert json.loads(fastgraph(server, *command, "--node", "asks", "--json").stdout) == {"cleared": 1}
        assert fastgraph(server, "workflows", "clear-cache", "unknown").returncode != 0
