"""Pages of events, the state of a run, its checkpoints, and large values in all of them."""

import json

import pytest

from api.schemas.events import Event
from api.schemas.state import Checkpoint, RunState
from fastgraph.database.records import InterruptRow
from fastgraph.ids import checkpoint_id, parse_checkpoint_id
from support.served_api import Api

pytestmark = pytest.mark.anyio


async def test_events_are_an_array_in_either_order_and_lead_to_the_next_page(api: Api) -> None:
    run = await api.begin()
    await run.stream("a", "b", "c")
    await run.log("d")
    path = f"/api/runs/{run.run_id}/events"
    for url, seqs, following in [
        (path, [1, 2, 3, 4, 5, 6], None),
        (f"{path}/?limit=4", [1, 2, 3, 4], "after=4"),
        (f"{path}?after=4", [5, 6], None),
        (f"{path}?after=6", [], None),
        (f"{path}?order=desc&limit=3", [6, 5, 4], "before=4"),
        (f"{path}?order=desc&before=4&limit=3", [3, 2, 1], None),
        (f"{path}?order=desc&after=4", [6, 5], None),
    ]:
        answer = await api.http.get(url)
        assert [event["seq"] for event in answer.json()] == seqs, url
        assert answer.headers["x-total-count"] == "6"
        link = answer.links.get("next", {}).get("url", "")
        assert (following in link) if following else not link
        for event in answer.json():
            Event.model_validate(event)


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "limit=0", "order=up", "before=3", f"after={2**63}"]
)
async def test_a_place_that_is_none_is_422(api: Api, query: str) -> None:
    run_id = await api.create()
    answer = await api.http.get(f"/api/runs/{run_id}/events?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_a_large_update_is_shown_by_its_facts_and_fetched_whole(api: Api) -> None:
    run = await api.begin()
    large = {"text": "x" * 100_000}
    await run.step("parse", large, number=1)
    (update,) = (await api.http.get(f"/api/runs/{run.run_id}/events?after=2")).json()
    shown = update["data"]["update"]
    assert shown["size"] > 100_000
    assert len(json.dumps(update)) < 5_000
    assert (await api.http.get(shown["url"])).json() == large
    for seq in (0, 99):
        assert (await api.http.get(f"/api/runs/{run.run_id}/events/{seq}/update")).status_code == 404
    assert (await api.http.get(f"/api/runs/{run.run_id}/events/x/update")).status_code == 422


async def test_the_state_tells_values_next_tasks_and_questions(api: Api) -> None:
    run = await api.begin()
    path = f"/api/runs/{run.run_id}/state"
    empty = (await api.http.get(path)).json()
    RunState.model_validate(empty)
    assert (empty["values"], empty["next"], empty["checkpoint_id"]) == ({}, [], None)
    assert (empty["step"], empty["tasks"], empty["interrupts"]) == (None, [], [])
    await run.step("parse", {"a": 1, "b": [1, 2]}, number=1, following=("report", "check"))
    state = (await api.http.get(f"{path}/")).json()
    RunState.model_validate(state)
    assert (state["values"], state["next"]) == ({"a": 1, "b": [1, 2]}, ["report", "check"])
    assert [(task["name"], task["attempt"], task["error"]) for task in state["tasks"]] == [
        ("report", 1, None),
        ("check", 1, None),
    ]
    assert parse_checkpoint_id(state["checkpoint_id"]) == (run.claimed.thread_key, 1)
    question = InterruptRow(interrupt_id="q1", task_id="t", node="report", position=0, value=b'{"ok":"?"}')
    await run.ask(question)
    state = (await api.http.get(path)).json()
    RunState.model_validate(state)
    (asked,) = state["interrupts"]
    assert (asked["id"], asked["node"], asked["value"], asked["response_schema"]) == (
        "q1",
        "report",
        {"ok": "?"},
        None,
    )


async def test_checkpoints_are_listed_newest_first(api: Api) -> None:
    run = await api.begin()
    path = f"/api/runs/{run.run_id}/checkpoints"
    assert (await api.http.get(path)).json() == []
    for number, following in ((1, ("report",)), (2, ("report",)), (3, ())):
        await run.step("parse", {"n": number}, number=number, following=following)
    answer = await api.http.get(f"{path}/?limit=2")
    for checkpoint in answer.json():
        Checkpoint.model_validate(checkpoint)
    assert [(row["step"], row["next"], row["writes_by"]) for row in answer.json()] == [
        (1, [], ["parse"]),
        (0, ["report"], ["parse"]),
    ]
    assert answer.headers["x-total-count"] == "3"
    (last,) = (await api.http.get(answer.links["next"]["url"])).json()
    assert last["checkpoint_id"] == checkpoint_id(run.claimed.thread_key, 1)


async def test_a_result_too_large_for_its_row_is_read_from_the_last_checkpoint(api: Api) -> None:
    run = await api.begin()
    large = {"text": "x" * 100_000}
    await run.step("parse", large, number=1)
    await run.commit(status="completed")  # as a host does with an output above its bound
    assert (await api.http.get(f"/api/runs/{run.run_id}")).json()["result"] == large


async def test_a_functions_result_too_large_for_its_row_is_bare(api: Api) -> None:
    run = await api.begin()
    large = {"__start__": 1, "__end__": "x" * 100_000}
    await run.step("parse", large, number=1)
    await run.commit(status="completed")  # as a host does with an output above its bound
    assert (await api.http.get(f"/api/runs/{run.run_id}")).json()["result"] == large["__end__"]
