"""kill -9 of the host amid a dataflow graph's wide step, and between the steps of keys that live for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import dataflow_flows
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    server = Serving(start_program, tmp_path, flows=Path(dataflow_flows.__file__))
    server.start()
    with server.client:
        yield server


def updates(serving: Serving, run_id: str) -> list[str]:
    return [event["node"] for event in serving.client.events(run_id) if event["event"] == "node_update"]


@pytest.mark.slow
def test_a_branch_that_is_done_is_not_done_again(serving: Serving, tmp_path: Path) -> None:
    """The quick branch goes to its end beside the slow node; the host dies, and only the slow node is executed again."""
    gate = tmp_path / "gate"
    run_id = serving.client.create_run(workflow="wide", payload={"gate": str(gate)})
    quick = [f"quick{number}" for number in range(dataflow_flows.STEPS)]
    until(lambda: updates(serving, run_id) == quick, what="the end of the quick branch")
    serving.kill_host()
    serving.wait_until_well()
    gate.touch()
    run = serving.client.wait_until_ended(run_id, within_seconds=60)
    assert run["status"] == "completed"
    assert run["result"]["log"] == ["quick0", "slow", *quick[1:], "end"]
    assert serving.ledger.read_text().split() == quick


@pytest.mark.slow
def test_key_that_lives_for_one_step_is_there_after_a_kill_and_gone_after_its_step(
    serving: Serving, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    run_id = serving.client.create_run(workflow="channels", payload={"gate": str(gate)})
    until(lambda: updates(serving, run_id) == ["ask"], what="the first step")
    serving.kill_host()
    serving.wait_until_well()
    gate.touch()
    run = serving.client.wait_until_ended(run_id, within_seconds=60)
    assert run["status"] == "completed"
    assert run["result"]["log"] == ["question", "once is there: False"]
    assert run["result"]["notes"] == ["asked", "answered"]
