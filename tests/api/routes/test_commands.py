"""What people order: once for each key, refused where it does not fit, and written down."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from api import routes
from api.schemas.runs import Run
from fastgraph.database.records import InterruptRow
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.status import RunStatus
from support.committed_runs import workflow
from support.served_api import Api, calling

pytestmark = pytest.mark.anyio

KEY = {"Idempotency-Key": "order-1"}


async def audited(api: Api, subject: str) -> list[tuple[str, str]]:
    """Return action and outcome of what was ordered, oldest first, a refusal by its first word."""
    entries = (await api.http.get("/api/monitoring/audit", params={"subject": subject})).json()
    return [(entry["action"], entry["outcome"].split(":")[0]) for entry in reversed(entries)]


def question(interrupt_id: str, schema: bytes) -> InterruptRow:
    return InterruptRow(
        interrupt_id=interrupt_id,
        task_id="task",
        node="ask",
        position=0,
        value=b'{"question":"ok?"}',
        response_schema=schema,
    )


async def test_an_answer_sent_again_under_its_key_does_not_answer_the_next_question(api: Api) -> None:
    run = await api.begin()
    path, key = f"/api/runs/{run.run_id}/resume", {"Idempotency-Key": "answer-1"}
    refused = await api.http.post(path, json={"resume": True}, headers=key)
    assert refused.status_code == 409
    await run.ask(question("q1", b'{"type": "boolean"}'))
    assert (await api.http.post(path, json={"resume": True}, headers=key)).status_code == 202
    (again,) = await api.host.claim()
    await again.commit(answered=(("q1", b"true"),), consumed=1, status=RunStatus.RUNNING)
    await again.ask(question("q2", b'{"type": "string"}'))
    repeated = await api.http.post(path, json={"resume": True}, headers=key)
    assert (repeated.status_code, repeated.json()["status"]) == (202, "interrupted")
    assert await api.host.claim() == []
    assert (await api.http.post(path, json={"resume": "more"}, headers=key)).status_code == 409
    assert (await api.http.post(path, json={"resume": True})).status_code == 422
    assert (await api.http.post(path, json={"resume": "more"})).status_code == 202
    assert (await api.http.post(f"/api/runs/{run.run_id}/terminate")).status_code == 202
    assert (await api.http.post(path, json={"resume": True}, headers=key)).status_code == 202


@pytest.mark.parametrize("action", ["cancel", "pause", "unpause", "terminate", "quarantine", "release"])
async def test_an_order_on_a_run_is_carried_out_once_for_its_key(api: Api, action: str) -> None:
    run = await api.begin()
    path = f"/api/runs/{run.run_id}/{action}"
    for _ in range(2):
        answer = await api.http.post(path, json={"reason": "so"}, headers=KEY)
        assert answer.status_code == 202, answer.text
        Run.model_validate(answer.json())
    other = await api.http.post(path, json={"reason": "something else"}, headers=KEY)
    assert (other.status_code, "order-1" in other.json()["detail"]) == (409, True)
    assert await audited(api, f"run {run.run_id}") == [(action, "done"), (action, "refused")]
    ended = await api.begin()
    await ended.complete()
    assert (await api.http.post(f"/api/runs/{ended.run_id}/{action}")).status_code == 409
    assert (await api.http.post(f"/api/runs/{new_id()}/{action}")).status_code == 404
    assert (await api.http.post(path, json={"reason": "a\u0000b"})).status_code == 422
    assert (await api.http.post(path, json={"because": "so"})).status_code == 422


async def test_a_paused_run_says_so_and_goes_on_where_it_is_unpaused(api: Api) -> None:
    run_id = await api.create()
    assert (await api.http.post(f"/api/runs/{run_id}/pause")).json()["status"] == "paused"
    assert await api.host.claim() == []
    assert (await api.http.post(f"/api/runs/{run_id}/unpause")).json()["status"] == "queued"
    assert [run.run_id for run in await api.host.claim()] == [run_id]


async def test_a_failed_run_is_retried_once_for_a_key_and_then_settled(api: Api) -> None:
    run = await api.begin(payload={"input": "old"})
    path = f"/api/runs/{run.run_id}"
    for action in ("retry", "discard"):
        assert (await api.http.post(f"{path}/{action}", headers=KEY)).status_code == 409
    await run.fail({"type": "E", "message": "m"})
    asked: dict[str, Any] = {"json": {"update": {"input": "new"}}, "headers": KEY}
    first = await api.http.post(f"{path}/retry", **asked)
    assert first.status_code == 200, first.text
    assert (await api.http.post(f"{path}/retry", **asked)).json() == first.json()
    assert (await api.http.post(f"{path}/retry", headers=KEY)).status_code == 409
    again = (await api.http.get(f"/api/runs/{first.json()['run_id']}")).json()
    assert (again["retried_from"], again["payload"]) == (run.run_id, {"input": "new"})
    assert (await api.http.get(path)).json()["settled_at"] is not None
    for _ in range(2):
        assert (await api.http.post(f"{path}/discard", headers={"Idempotency-Key": "x"})).status_code == 202
    assert (await api.http.post(f"{path}/discard", headers=KEY)).status_code == 409


async def test_a_retry_with_another_secret_shows_neither(api: Api) -> None:
    secret = {"type": "string", "writeOnly": True}
    schema = {"type": "object", "properties": {"token": secret, "other": secret, "input": {"type": "string"}}}
    await api.host.publish(workflow(schema=schema))
    run = await api.begin(payload={"token": "hidden-1", "other": "hidden-2", "input": "old"})
    await run.fail({"type": "E", "message": "m"})
    begun = await api.http.post(f"/api/runs/{run.run_id}/retry", json={"update": {"token": "hidden-3"}})
    assert begun.status_code == 200, begun.text
    shown = await api.http.get(f"/api/runs/{begun.json()['run_id']}")
    assert shown.json()["payload"] == {"token": "**********", "other": "**********", "input": "old"}
    (again,) = await api.host.claim()
    assert again.claimed.payload.count(b"hidden-3") == again.claimed.payload.count(b"hidden-2") == 1
    refused = await api.http.post(f"/api/runs/{run.run_id}/retry", json={"update": {"token": 5}})
    assert (refused.status_code, "hidden" in refused.text) == (422, False)


async def test_retries_and_forks_are_never_refused_for_a_full_backlog(settings: Settings) -> None:
    async with calling(settings) as api:
        await api.host.publish()
        run = await api.begin()
        await run.step("parse", {"words": 2}, number=1, following=("report",))
        await run.fail({"type": "E", "message": "m"})
        await api.create()
    async with calling(settings.model_copy(update={"max_backlog": 1})) as full:
        assert (await full.http.post("/api/runs/", json={"name": "x"})).status_code == 503
        for action in ("fork", "retry"):
            assert (await full.http.post(f"/api/runs/{run.run_id}/{action}")).status_code == 200


async def test_a_fork_is_made_once_for_a_key_and_needs_a_checkpoint(api: Api) -> None:
    run = await api.begin()
    path = f"/api/runs/{run.run_id}/fork"
    assert (await api.http.post(path, headers=KEY)).status_code == 409
    await run.step("parse", {"words": 2}, number=1, following=("report",))
    first = await api.http.post(path, json={"update": {"words": 3}}, headers=KEY)
    assert first.status_code == 200, first.text
    assert first.json()["run_id"] != run.run_id
    assert (await api.http.post(path, json={"update": {"words": 3}}, headers=KEY)).json() == first.json()
    assert (await api.http.post(path, json={"update": {"words": 4}}, headers=KEY)).status_code == 409
    assert (await api.http.post(path, json={"checkpoint_id": new_id()})).status_code == 404
    assert len((await api.http.get(f"/api/threads/{first.json()['thread_id']}/runs")).json()) == 2


@pytest.mark.parametrize("place", ["workflows/text-report", "monitoring"])
async def test_a_pause_is_set_once_for_a_key(api: Api, place: str) -> None:
    for _ in range(2):
        answer = await api.http.post(f"/api/{place}/pause", json={"reason": "so"}, headers=KEY)
        assert answer.json() == {"is_paused": True, "has_changed": True}
    assert (await api.http.post(f"/api/{place}/unpause", headers=KEY)).status_code == 409
    assert (await api.http.post(f"/api/{place}/pause")).json()["has_changed"] is False
    (paused,) = (await api.http.get("/api/monitoring/pauses")).json()
    assert (paused["who"], paused["reason"]) == ("loopback", "so")
    assert (await api.http.post(f"/api/{place}/unpause")).json() == {"is_paused": False, "has_changed": True}
    assert (await api.http.post("/api/workflows/nope/pause")).status_code == 404


async def test_a_kept_run_is_not_deleted_until_that_is_taken_back(api: Api) -> None:
    run = await api.begin()
    await run.complete()
    path = f"/api/runs/{run.run_id}"
    for _ in range(2):
        answer = await api.http.post(f"{path}/keep", headers=KEY)
        assert (answer.status_code, answer.json()["kept"]) == (200, True)
    assert (await api.http.delete(path)).status_code == 409
    assert (await api.http.post(f"{path}/unkeep", headers=KEY)).status_code == 409
    assert (await api.http.post(f"{path}/unkeep")).json()["kept"] is False
    assert (await api.http.post(f"/api/runs/{new_id()}/keep")).status_code == 404
    for _ in range(2):
        assert (await api.http.delete(path, headers={"Idempotency-Key": "gone"})).status_code == 204
    assert (await api.http.delete(path)).status_code == 404
    assert [action for action, outcome in await audited(api, f"run {run.run_id}") if outcome == "done"] == [
        *("keep", "unkeep", "delete"),
    ]


async def test_a_cache_is_cleared_once_for_a_key_and_that_is_written_down(api: Api) -> None:
    path = "/api/workflows/text-report/cache"
    for _ in range(2):
        assert (await api.http.delete(path, headers=KEY)).json() == {"cleared": 0}
    assert (await api.http.delete(path, params={"node": "parse"}, headers=KEY)).status_code == 409
    assert await audited(api, "workflow text-report") == [("clear cache", "done"), ("clear cache", "refused")]


async def test_each_run_that_is_migrated_is_written_down(api: Api) -> None:
    run = await api.begin()
    await run.step("parse", {"words": 2}, number=1, following=("report",))
    await run.commit(graph_hash="hash-1", status=RunStatus.WAITING, release=True)
    held = await api.begin()
    await held.step("parse", {"words": 2}, number=1, following=("report",))
    await held.commit(graph_hash="hash-1")
    await api.host.publish(dataclasses.replace(workflow(), graph_hash="hash-2"))
    answer = await api.http.post("/api/workflows/text-report/migrate", json={"keys": {"words": None}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["migrated"] == [run.run_id]
    assert [refused["run_id"] for refused in answer.json()["refused"]] == [held.run_id]
    assert await audited(api, f"run {run.run_id}") == [("migrate", "done")]
    assert await audited(api, f"run {held.run_id}") == [("migrate", "refused")]


async def test_a_key_is_revoked_once_and_who_did_is_written_down(api: Api) -> None:
    for name in ("first", "second"):
        assert (await api.http.post("/api/keys", json={"name": name})).status_code == 200
    first, second = (key["key_id"] for key in (await api.http.get("/api/keys")).json())
    for _ in range(2):
        assert (await api.http.delete(f"/api/keys/{first}", headers=KEY)).status_code == 204
    assert (await api.http.delete(f"/api/keys/{second}", headers=KEY)).status_code == 409
    assert (await api.http.delete(f"/api/keys/{new_id()}")).status_code == 404
    assert await audited(api, f"key {first}") == [("revoke key", "done")]
    assert await audited(api, "key first") == [("create key", "done")]


def test_what_routes_write_beside_new_data_is_an_order() -> None:
    """Runs and uploads are rows of their own; all else goes through `order()`, and so into the audit log."""
    folder = Path(str(routes.__file__)).parent
    writing = {file.name for file in folder.glob("*.py") if "writer.write(" in file.read_text()}
    assert writing == {"runs.py", "artifacts.py"}
