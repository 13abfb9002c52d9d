"""Tasks, effects and collected questions survive kill -9 of the host: what has its result is not done again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import function_flows
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until


@pytest.fixture
def serving(start_program: ProgramStarter, tmp_path: Path) -> Iterator[Serving]:
    server = Serving(start_program, tmp_path, flows=Path(function_flows.__file__))
    server.start()
    with server.client:
        yield server


def words(serving: Serving, run_id: str) -> list[str]:
    return [word for ledger_run, word, _ in serving.ledger_lines() if ledger_run == run_id]


def reached(serving: Serving, run_id: str, *statuses: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = serving.client.run(run_id)
        return run if run["status"] in statuses else None

    return until(look, within_seconds=40, what=f"{run_id} {statuses}")


def test_finished_tasks_of_a_function_are_not_executed_again(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="digest", payload=["a", "b"])
    until(lambda: "digest" in words(serving, run_id), what="the end of the tasks")
    serving.kill_host()
    run = reached(serving, run_id, "completed", "failed")
    assert (run["status"], run["result"]) == ("completed", ["A", "B"])
    assert sorted(words(serving, run_id)) == ["digest", "digest", "fetch-a", "fetch-b"]


def test_an_effect_that_is_recorded_is_not_repeated(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="sale", payload={})
    until(lambda: "sell" in words(serving, run_id), what="the effect")
    serving.kill_host()
    run = reached(serving, run_id, "completed", "failed")
    assert (run["status"], run["result"]) == ("completed", {"receipt": "receipt"})
    assert words(serving, run_id) == ["charge", "sell", "sell"]


def test_a_partial_answer_is_kept_and_executes_nothing(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="survey", payload={})
    reached(serving, run_id, "interrupted")
    pending = serving.client.get(f"/api/runs/{run_id}/state").json()["interrupts"]
    asked = {question["value"]: question["id"] for question in pending}
    before = sorted(words(serving, run_id))
    assert before == ["ask-age", "ask-name", "survey"]
    serving.client.post(f"/api/runs/{run_id}/resume", {"answers": {asked["name"]: "Ada"}})
    serving.kill_host()
    reached(serving, run_id, "interrupted")
    assert sorted(words(serving, run_id)) == before
    serving.client.post(f"/api/runs/{run_id}/resume", {"answers": {asked["age"]: 36}})
    run = reached(serving, run_id, "completed", "failed")
    assert (run["status"], run["result"]) == ("completed", ["Ada", 36])
    assert words(serving, run_id).count("survey") == 2


def test_tasks_effects_and_graphs_work_in_a_process_of_their_own(serving: Serving) -> None:
    run_id = serving.client.create_run(workflow="apart", payload=["a"])
    until(lambda: "sell" in words(serving, run_id), what="the nested graph")
    serving.kill_host()
    run = reached(serving, run_id, "completed", "failed")
    assert (run["status"], run["result"]) == ("completed", ["A", "receipt", "receipt"])
    assert words(serving, run_id) == ["fetch-a", "charge", "charge", "sell", "sell"]
