"""Signals, children and graphs inside a run, by HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from fastgraph.database.nested import OpenLineage
from fastgraph.database.records import CheckpointRow, InterruptRow
from fastgraph.database.runs import find_run
from fastgraph.database.signals import read_signals
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.committed_runs import CommittingRun, event
from support.served_api import Api
from support.stores import new_run

pytestmark = pytest.mark.anyio


async def wait_for(run: CommittingRun, name: str, schema: object) -> None:
    row = InterruptRow(
        interrupt_id="w" * 32,
        task_id="task",
        node="wait",
        position=0,
        value=b"null",
        response_schema=orjson.dumps(schema),
        kind="signal",
        name=name,
    )
    await run.commit(interrupts=(row,), status=RunStatus.WAITING, release=True)


async def stored(api: Api, run_id: str) -> list[tuple[str, bytes]]:
    async with api.services.store.readers.connect() as connection:
        run = await find_run(connection, run_id=run_id)
        assert run is not None
        return [(row.name, row.body) for row in await read_signals(connection, run_key=run.key)]


async def test_signals_are_kept_in_order_and_a_repeated_one_once(api: Api) -> None:
    run_id = await api.create()
    url = f"/api/runs/{run_id}/signals"
    sent: tuple[tuple[str, bytes, dict[str, Any]], ...] = (
        ("paid", b'{"n":1}', {"headers": {"Idempotency-Key": "a"}}),
        ("paid", b'{"n":1}', {"headers": {"Idempotency-Key": "a"}}),
        ("paid", b'{"n":2}', {"params": {"dedup_id": "b"}}),
        ("paid", b'{"n":2}', {"params": {"dedup_id": "b"}}),
        ("with%20space", b"[1]", {}),
    )
    for name, body, options in sent:
        answer = await api.http.post(f"{url}/{name}", content=body, **options)
        assert answer.status_code == 202, answer.text
        assert answer.json()["run_id"] == run_id
    assert await stored(api, run_id) == [("paid", b'{"n":1}'), ("paid", b'{"n":2}'), ("with space", b"[1]")]


async def test_a_signal_sent_again_is_the_same_whatever_the_run_waits_for_by_now(api: Api) -> None:
    run = await api.begin()
    url, key = f"/api/runs/{run.run_id}/signals/paid", {"Idempotency-Key": "a"}
    assert (await api.http.post(url, json=1, headers=key)).status_code == 202
    await wait_for(run, "paid", {"type": "string"})
    assert (await api.http.post(url, json=1)).status_code == 422
    assert (await api.http.post(url, json=1, headers=key)).status_code == 202
    assert await stored(api, run.run_id) == [("paid", b"1")]


async def test_a_body_that_does_not_fit_is_refused_and_not_kept(api: Api) -> None:
    run = await api.begin()
    await wait_for(run, "paid", {"type": "object", "required": ["amount"]})
    url = f"/api/runs/{run.run_id}/signals"
    refused = await api.http.post(f"{url}/paid", json={"sum": 1})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": "body.amount", "message": "is required"}]
    assert (await api.http.post(f"{url}/other", json=1)).status_code == 202
    assert (await api.http.post(f"{url}/paid", json={"amount": 1})).status_code == 202
    assert [name for name, _ in await stored(api, run.run_id)] == ["other", "paid"]
    assert (await api.http.post(f"{url}/paid", content=b"{")).status_code == 422
    assert (await api.http.post(f"{url}/a%0Ab", json=1)).status_code == 422


async def test_an_unknown_run_is_404_and_an_ended_one_409(api: Api) -> None:
    run_id = await api.create()
    await api.http.post(f"/api/runs/{run_id}/cancel")
    assert (await api.http.post(f"/api/runs/{run_id}/signals/x", json=1)).status_code == 409
    assert (await api.http.post(f"/api/runs/{new_id()}/signals/x", json=1)).status_code == 404
    assert (await api.http.delete(f"/api/runs/{run_id}")).status_code == 204


async def test_a_wait_for_a_signal_is_answered_by_signals_only(api: Api) -> None:
    run = await api.begin()
    await wait_for(run, "paid", {})
    assert (await api.http.post(f"/api/runs/{run.run_id}/resume", json={"resume": 1})).status_code == 409


async def test_a_run_may_name_the_time_until_it_is_given_up(api: Api) -> None:
    before = datetime.now(UTC)
    run = await api.begin(config={"timeout_seconds": 60})
    deadline = run.claimed.deadline_at
    assert deadline is not None
    assert timedelta(seconds=60) <= deadline - before < timedelta(seconds=70)
    assert run.claimed.timeout_seconds == pytest.approx(60)
    for wrong in (0, -1, "1"):
        answer = await api.http.post("/api/runs/", json={"name": "x", "config": {"timeout_seconds": wrong}})
        assert answer.status_code == 422


async def test_a_run_shows_its_parent_and_its_children(api: Api) -> None:
    run = await api.begin()
    child = new_id()
    await api.services.writer.write(
        new_run(run_id=child, workflow="text-report", parent_run_key=run.claimed.run_key)
    )
    shown = (await api.http.get(f"/api/runs/{run.run_id}")).json()
    assert (shown["parent_run_id"], shown["children"]) == (None, [child])
    [listed] = (await api.http.get("/api/runs/", params={"parent": run.run_id})).json()
    assert (listed["run_id"], listed["parent_run_id"], listed["children"]) == (child, run.run_id, [])
    await run.commit(event(EventKind.COMPLETED), status=RunStatus.COMPLETED, result=b"{}")
    assert (await api.http.delete(f"/api/runs/{run.run_id}")).status_code == 204
    assert (await api.http.get(f"/api/runs/{child}")).json()["parent_run_id"] is None


async def test_the_state_of_a_graph_inside_a_run_is_shown_by_its_namespace(api: Api) -> None:
    run = await api.begin()
    claimed = run.claimed
    opened = await api.services.writer.write(
        OpenLineage(
            parent_key=claimed.thread_key,
            thread_id=claimed.thread_id,
            namespace="inner:1",
            now=datetime.now(UTC),
        )
    )
    row = CheckpointRow(
        number=1,
        parent=None,
        step=0,
        changes=b'{"n":["set",3]}',
        machine=b'{"first_step":0,"due":[["next",[]]]}',
        is_snapshot=True,
        state_bytes=1,
        namespace="inner:1",
    )
    await run.commit(nested=((opened, row),))
    state = (await api.http.get(f"/api/runs/{run.run_id}/state")).json()
    assert (state["values"], state["namespaces"]) == ({}, ["inner:1"])
    inner = (await api.http.get(f"/api/runs/{run.run_id}/state", params={"namespace": "inner:1"})).json()
    assert (inner["values"], inner["next"], inner["namespaces"]) == ({"n": 3}, ["next"], [])
    missing = await api.http.get(f"/api/runs/{run.run_id}/state", params={"namespace": "x"})
    assert missing.status_code == 404
