"""A run that waits outlives a new version of its workflow and kill -9 of the host before, in and after its move."""

from pathlib import Path
from typing import Any

import pytest

from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until

FLOWS = """
import os
from typing import TypedDict
from fastgraph import START, StateGraph, interrupt


class Order(TypedDict, total=False):
    number: int
    answer: str


def enter(state: Order) -> Order:
    with open(os.environ["FASTGRAPH_TEST_LEDGER"], "a") as ledger:
        ledger.write("run enter - 0\\\\n")
    return {"number": 7}


def NODE(state: Order) -> Order:
    return {"answer": interrupt("NODE?")}


builder = StateGraph(Order).add_node(enter).add_node(NODE)
orders = builder.add_edge(START, "enter").add_edge("enter", "NODE").compile(name="orders")
"""


def write_flows(path: Path, node: str) -> None:
    path.write_text(FLOWS.replace("NODE", node).replace("\\\\n", "\\n"))


def question(server: Serving, run_id: str, text: str) -> Any:
    def look() -> Any:
        asked = server.client.get(f"/api/runs/{run_id}/state").json()["interrupts"]
        return [one for one in asked if one["value"] == text]

    return until(look, within_seconds=30, what=f"the question {text}")


@pytest.mark.slow
def test_a_waiting_run_is_held_moved_and_completed_over_kills(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    flows = tmp_path / "orders.py"
    write_flows(flows, "review")
    server = Serving(start_program, tmp_path, flows=flows)
    server.start()
    with server.client as client:
        run_id = client.create_run(workflow="orders", payload={})
        question(server, run_id, "review?")
        server.kill_all()
        write_flows(flows, "second_review")
        server.start()
        broken = until(
            lambda: client.get("/api/workflows/orders/check").json()["runs"],
            within_seconds=30,
            what="the new version to be published",
        )
        assert [(run["run_id"], run["breaks"]) for run in broken] == [(run_id, True)]
        client.post(f"/api/runs/{run_id}/resume", {"resume": "lost on the way"})
        until(
            lambda: "no node 'review'" in (client.run(run_id)["waiting_for"] or ""),
            within_seconds=30,
            what="the reason why the run is held",
        )
        server.kill_host()
        client.post(
            "/api/workflows/orders/migrate", {"run_ids": [run_id], "nodes": {"review": "second_review"}}
        )
        server.kill_host()
        question(server, run_id, "second_review?")
        server.kill_host()
        client.post(f"/api/runs/{run_id}/resume", {"resume": "yes"})
        run = client.wait_until_ended(run_id, within_seconds=60)
    assert (run["status"], run["result"]) == ("completed", {"number": 7, "answer": "yes"})
    assert [word for _, word, _ in server.ledger_lines()] == ["enter"]
