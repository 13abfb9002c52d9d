"""Threads over HTTP: their state, their history, their runs; and all that waits, in one list."""

import pytest

from api.schemas.runs import Run
from api.schemas.state import PendingInterrupt, RunState, ThreadCheckpoint
from fastgraph.database.records import InterruptRow
from fastgraph.ids import checkpoint_id
from support.served_api import Api

pytestmark = pytest.mark.anyio

KNOWN = "00000000-0000-4000-8000-00000000000a"
NOBODY = "00000000-0000-4000-8000-00000000000b"


async def test_a_thread_shows_what_its_runs_left_and_the_open_questions(api: Api) -> None:
    run = await api.begin(thread_id="00000000-0000-4000-8000-000000000007")
    path = "/api/threads/00000000-0000-4000-8000-000000000007"
    assert (await api.http.get(f"{path}/state")).json()["values"] == {}
    await run.step("parse", {"a": 1}, number=1, following=("report",))
    await run.step("parse", {"a": 2}, number=2, following=("report",))
    await run.ask(InterruptRow(interrupt_id="q1", task_id="t", node="report", position=0, value=b'"?"'))
    state = (await api.http.get(f"{path}/state")).json()
    RunState.model_validate(state)
    assert (state["values"], state["next"], state["source"]) == ({"a": 2}, ["report"], "loop")
    assert [asked["id"] for asked in state["interrupts"]] == ["q1"]
    older = (await api.http.get(f"{path}/state?checkpoint_id={state['parent_checkpoint_id']}")).json()
    RunState.model_validate(older)
    assert (older["values"], older["interrupts"]) == ({"a": 1}, [])


async def test_the_history_is_newest_first_with_values_and_the_runs_that_wrote_it(api: Api) -> None:
    run = await api.begin(thread_id="00000000-0000-4000-8000-000000000008")
    for number in (1, 2, 3):
        await run.step("parse", {"n": number}, number=number, following=("report",))
    answer = await api.http.get("/api/threads/00000000-0000-4000-8000-000000000008/history?limit=2")
    for entry in answer.json():
        ThreadCheckpoint.model_validate(entry)
    assert [(entry["values"]["n"], entry["run_id"]) for entry in answer.json()] == [
        (3, run.run_id),
        (2, run.run_id),
    ]
    assert answer.headers["x-total-count"] == "3"
    (last,) = (await api.http.get(answer.links["next"]["url"])).json()
    assert last["checkpoint_id"] == checkpoint_id(run.claimed.thread_key, 1)


async def test_the_runs_of_a_thread(api: Api) -> None:
    first = await api.begin(thread_id="00000000-0000-4000-8000-000000000009")
    await first.complete()
    second = await api.create(thread_id="00000000-0000-4000-8000-000000000009")
    await api.create()
    answer = await api.http.get("/api/threads/00000000-0000-4000-8000-000000000009/runs")
    for entry in answer.json():
        Run.model_validate(entry)
    assert [entry["run_id"] for entry in answer.json()] == [second, first.run_id]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"{NOBODY}/state", 404, f"no thread {NOBODY}"),
        (f"{NOBODY}/history", 404, f"no thread {NOBODY}"),
        (f"{NOBODY}/runs", 404, f"no thread {NOBODY}"),
        (f"{KNOWN}/state?namespace=child:1", 404, f"Thread {KNOWN} has no child:1"),
        (f"{KNOWN}/state?checkpoint_id=nonsense", 422, "is no checkpoint id"),
        (f"{KNOWN}/state?checkpoint_id=00000000-ffff-8000-8000-000000000001", 404, f"Thread {KNOWN} has no"),
        (f"{KNOWN}/history?limit=0", 422, "limit"),
        ("customer/state", 422, "is no UUID"),
    ],
)
async def test_what_is_not_there_is_said(api: Api, path: str, status: int, words: str) -> None:
    await api.create(thread_id=KNOWN)
    answer = await api.http.get(f"/api/threads/{path}")
    assert answer.status_code == status, answer.text
    assert words in answer.text


async def test_all_that_waits_is_one_list_oldest_first(api: Api) -> None:
    runs = [await api.begin(name=f"order-{number}") for number in (1, 2)]
    for run in runs:
        await run.step("parse", {"a": 1}, number=1, following=("report",))
        question = InterruptRow(
            interrupt_id=f"q-{run.run_id}",
            task_id="t",
            node="report",
            position=0,
            value=b'"?"',
            response_schema=b'{"type":"boolean"}',
        )
        await run.ask(question)
    answer = await api.http.get("/api/interrupts")
    for entry in answer.json():
        PendingInterrupt.model_validate(entry)
    assert [(entry["run_name"], entry["path"]) for entry in answer.json()] == [
        ("order-1", ["report"]),
        ("order-2", ["report"]),
    ]
    assert answer.json()[0]["response_schema"] == {"type": "boolean"}
    assert answer.headers["x-total-count"] == "2"
    assert (await api.http.get("/api/interrupts?kind=timer")).json() == []
    assert (await api.http.get("/api/interrupts?kind=nonsense")).status_code == 422
    of_one = await api.http.get(f"/api/interrupts?run_id={runs[1].run_id}")
    assert [entry["run_id"] for entry in of_one.json()] == [runs[1].run_id]
    assert of_one.headers["x-total-count"] == "1"
    assert (await api.http.get(f"/api/interrupts?run_id={runs[1].run_id}&kind=timer")).json() == []
    assert (await api.http.get(f"/api/interrupts?run_id={NOBODY}")).status_code == 404
