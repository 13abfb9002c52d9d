"""Going on, forking and changing a thread, by HTTP and by command, on a real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support.programs import ProgramStarter
from support.serving import Serving

FLOW = """
import operator
from typing import Annotated, TypedDict
from fastgraph import END, START, RunnableConfig, StateGraph

class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]

def draft(state: State) -> State:
    return {"log": ["draft"]}

def publish(state: State) -> State:
    return {"log": [f"published after {len(state['log'])}"]}

builder = StateGraph(State).add_node("draft", draft).add_node("publish", publish)
graph = builder.add_edge(START, "draft").add_edge("draft", "publish").add_edge("publish", END).compile(name="paper")

def speak(state: State, config: RunnableConfig) -> State:
    return {"log": [config["configurable"]["language"]]}

configured = StateGraph(State).add_node("speak", speak).add_edge(START, "speak").compile(name="configured")
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("threads")
    (folder / "paper_flows.py").write_text(FLOW)
    programs = ProgramStarter(folder)
    server = Serving(programs, folder, flows=folder / "paper_flows.py")
    try:
        server.start()
        with server.client:
            yield server
    finally:
        programs.end_all()


def fastgraph(server: Serving, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "api.cli.main", *arguments, "--url", server.client.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def post(server: Serving, path: str, body: Any) -> httpx.Response:
    return httpx.post(f"{server.client.url}{path}", json=body, trust_env=False, timeout=30)


def begin(server: Serving, **facts: Any) -> dict[str, Any]:
    return server.client.wait_until_ended(server.client.create_run(workflow="paper", **facts))


def test_a_state_is_changed_and_a_run_goes_on_from_there(serving: Serving) -> None:
    thread = begin(serving)["thread_id"]
    body = {"values": {"log": ["revised"]}, "as_node": "draft"}
    answer = post(serving, f"/api/threads/{thread}/state", body)
    assert answer.status_code == 200, answer.text
    state = serving.client.get(f"/api/threads/{thread}/state").json()
    assert (state["checkpoint_id"], state["source"]) == (answer.json()["checkpoint_id"], "update")
    assert (state["values"]["log"][-1], state["next"]) == ("revised", ["publish"])
    went_on = begin(serving, thread_id=thread, payload=None)
    assert went_on["result"]["log"] == ["draft", "published after 1", "revised", "published after 3"]


def test_a_fork_leaves_what_came_after_its_checkpoint(serving: Serving) -> None:
    thread = begin(serving)["thread_id"]
    history = serving.client.get(f"/api/threads/{thread}/history").json()
    after_draft = next(entry for entry in history if entry["next"] == ["publish"])
    forked = begin(serving, thread_id=thread, payload=None, checkpoint_id=after_draft["checkpoint_id"])
    assert forked["result"]["log"] == ["draft", "published after 1"]
    longer = serving.client.get(f"/api/threads/{thread}/history").json()
    assert [entry["checkpoint_id"] for entry in longer][-len(history) :] == [
        entry["checkpoint_id"] for entry in history
    ]
    assert longer[-len(history) - 1]["source"] == "fork"
    assert longer[-len(history) - 1]["parent_checkpoint_id"] == after_draft["checkpoint_id"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"values": {}, "as_node": "nobody"}, 422, "Node nobody does not exist"),
        ({"values": 3, "as_node": "draft"}, 422, "Expected dict"),
        ({"values": {}, "supersteps": [[{"values": {}}]]}, 422, "give one or the other"),
        ({"checkpoint_id": "nonsense"}, 422, "is no UUID"),
        ({"unknown": 1}, 422, "unknown"),
    ],
)
def test_an_update_that_can_not_be_says_why(serving: Serving, body: Any, status: int, words: str) -> None:
    thread = begin(serving)["thread_id"]
    answer = post(serving, f"/api/threads/{thread}/state", body)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_a_checkpoint_needs_its_thread(serving: Serving) -> None:
    run = {"name": "n", "workflow": "paper", "checkpoint_id": "00000000-0001-8000-8000-000000000001"}
    assert "a checkpoint is one of a thread" in post(serving, "/api/runs/", run).text


def test_the_commands_show_and_change_a_thread(serving: Serving) -> None:
    thread = begin(serving)["thread_id"]
    shown = fastgraph(serving, "threads", "history", thread)
    assert "publish" in shown.stdout
    made = fastgraph(
        serving, "threads", "update", thread, "--values", '{"log": ["by hand"]}', "--as", "draft"
    )
    assert made.returncode == 0, made.stderr
    state = json.loads(fastgraph(serving, "threads", "state", thread, "--json").stdout)
    assert (state["checkpoint_id"], state["next"]) == (made.stdout.strip(), ["publish"])
    assert "by hand" in fastgraph(serving, "threads", "state", thread).stdout
    went_on = fastgraph(
        serving, "run", "paper", "--thread", thread, "--input", "null", "--follow",
        "--checkpoint", made.stdout.strip(),
    )  # fmt: skip
    assert went_on.returncode == 0, went_on.stderr
    assert "published after 3" in went_on.stdout


def test_what_a_program_reads_as_configurable_comes_with_the_run(serving: Serving) -> None:
    run = serving.client.wait_until_ended(
        serving.client.create_run(workflow="configured", config={"configurable": {"language": "fr"}})
    )
    assert run["result"]["log"] == ["fr"]
