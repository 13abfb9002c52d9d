"""`/api/runs`: every answer, and every refusal by its field."""

import asyncio
import dataclasses
import uuid
from typing import Any

import pytest

from api.schemas.problems import Problem
from api.schemas.runs import Run
from fastgraph.database.records import InterruptRow
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.committed_runs import event, workflow
from support.served_api import Api

pytestmark = pytest.mark.anyio

UNKNOWN = "01890000-0000-7000-8000-00000000dead"


async def refusal(api: Api, status: int, *, content: bytes | None = None, **options: Any) -> dict[str, Any]:
    answer = await api.http.post("/api/runs/", content=content, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    Problem.model_validate(problem)
    return problem


async def test_the_request_of_the_original_description_is_answered_to_the_letter(api: Api) -> None:
    body = b'{"name": "test-run", "payload": {"input": "hello world"}}'
    for path in ("/api/runs/", "/api/runs"):
        answer = await api.http.post(path, content=body)
        assert answer.status_code == 200
        assert list(answer.json()) == ["run_id"]
        uuid.UUID(answer.json()["run_id"])


async def test_a_run_is_shown_in_its_declared_shape(api: Api) -> None:
    run_id = await api.create(payload={"input": "hello"}, tags=["a", "b", "a"])
    for path in (f"/api/runs/{run_id}", f"/api/runs/{run_id}/", f"/api/runs/{run_id.upper()}"):
        answer = await api.http.get(path)
        assert answer.status_code == 200
    run = answer.json()
    assert set(run) == set(Run.model_fields)
    Run.model_validate(run)
    assert run | {"created_at": "", "thread_id": ""} == {
        "run_id": run_id,
        "name": "test-run",
        "workflow": "text-report",
        "thread_id": "",
        "status": "queued",
        "payload": {"input": "hello"},
        "result": None,
        "error": None,
        "tags": ["a", "b"],
        "created_at": "",
        "started_at": None,
        "finished_at": None,
        "waiting_for": None,
        "last_seq": 1,
        "priority": 0,
        "kept": False,
        "retried_from": None,
        "settled_at": None,
        "parent_run_id": None,
        "children": [],
    }


async def test_an_ended_run_shows_its_result_and_a_failed_one_its_error(api: Api) -> None:
    run = await api.begin()
    await run.complete({"answer": 42})
    shown = (await api.http.get(f"/api/runs/{run.run_id}")).json()
    assert (shown["status"], shown["result"], shown["error"]) == ("completed", {"answer": 42}, None)
    assert shown["started_at"] <= shown["finished_at"]
    failed = await api.begin()
    await failed.fail(
        {"type": "ValueError", "message": "no", "node": "parse", "attempt": 1, "traceback": "…", "x": 1}
    )
    shown = (await api.http.get(f"/api/runs/{failed.run_id}")).json()
    Run.model_validate(shown)
    assert shown["error"] == {
        "type": "ValueError",
        "message": "no",
        "node": "parse",
        "attempt": 1,
        "traceback": "…",
    }


async def test_a_run_whose_workflow_no_living_host_has_says_so(api: Api) -> None:
    await api.host.publish(workflow(), workflow("other", is_default=False))
    run_id = await api.create(workflow="other")
    await api.host.publish(workflow())
    shown = (await api.http.get(f"/api/runs/{run_id}")).json()
    assert shown["status"] == "queued"
    assert "'other'" in shown["waiting_for"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": "x", "payload": {"a": NaN}}', "payload.a"),
        (b'{"name": "x", "name": "y"}', "name"),
        (b'{"name": "x", "payload": {"a": "\\ud800"}}', "payload.a"),
        (b'{"name": "x", "payload": ' + b"[" * 101 + b"]" * 101 + b"}", "body"),
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "x", "tags": ["a\\nb"]}', "tags[0]"),
        (b'{"name": ""}', "name"),
        (b'{"name": 5}', "name"),
        (b"{}", "name"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"", "body"),
        (b"not json", "body"),
        (b'{"name": "x", "payload": {"input": 5}}', "payload.input"),
        (b'{"name": "x", "payload": []}', "payload"),
        (b'{"name": "x", "thread_id": "nope"}', "thread_id"),
        (b'{"name": "x", "paylod": {}}', "paylod"),
        (b'{"name": "x", "config": {"recursion_limit": 0}}', "config.recursion_limit"),
        (b'{"name": "x", "config": {"recursion_limit": true}}', "config.recursion_limit"),
        (b'{"name": "x", "config": {"max_concurrency": 0}}', "config.max_concurrency"),
        (b'{"name": "x", "config": {"color": 1}}', "config.color"),
        (b'{"name": "x", "on_busy_thread": "shout"}', "on_busy_thread"),
    ],
)
async def test_what_is_not_acceptable_is_422_and_names_the_field(api: Api, body: bytes, field: str) -> None:
    problem = await refusal(api, 422, content=body)
    assert field in [fault["field"] for fault in problem["errors"]], problem


async def test_an_unknown_workflow_is_404_with_the_names_that_exist(api: Api) -> None:
    problem = await refusal(api, 404, json={"name": "x", "workflow": "nope"})
    assert problem["known"] == ["text-report"]
    assert "text-report" in problem["detail"]


async def test_a_body_over_the_limit_is_413(api: Api) -> None:
    problem = await refusal(api, 413, content=b" " * (api.services.settings.max_body_bytes + 1))
    assert "FASTGRAPH_MAX_BODY_BYTES" in problem["detail"]


async def test_a_large_payload_is_accepted_listed_in_short_and_shown_whole(api: Api) -> None:
    text = "x" * 300_000
    run_id = await api.create(payload={"input": text})
    (listed,) = (await api.http.get("/api/runs/")).json()
    assert listed["payload"]["size"] > 300_000
    assert listed["payload"]["url"] == f"/api/runs/{run_id}"
    assert (await api.http.get(f"/api/runs/{run_id}")).json()["payload"] == {"input": text}


async def test_an_integer_beyond_64_bits_comes_back_as_it_was(api: Api) -> None:
    answer = await api.http.post(
        "/api/runs/", content=b'{"name": "x", "payload": {"n": %d, "$type": "mine"}}' % 2**70
    )
    run_id = answer.json()["run_id"]
    assert (await api.http.get(f"/api/runs/{run_id}")).json()["payload"] == {"n": 2**70, "$type": "mine"}


async def test_the_same_key_and_request_is_one_run_and_another_request_is_409(api: Api) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await api.http.post(
        "/api/runs/", content=b'{"name": "x", "payload": {"input": "a"}}', headers=headers
    )
    again = await api.http.post(
        "/api/runs/", content=b'{"payload":{"input":"a"},"name":"x"}', headers=headers
    )
    assert first.json() == again.json()
    await refusal(api, 409, content=b'{"name": "y"}', headers=headers)
    at_once = await asyncio.gather(
        *(
            api.http.post("/api/runs/", json={"name": "x"}, headers={"Idempotency-Key": "k"})
            for _ in range(10)
        )
    )
    assert len({answer.json()["run_id"] for answer in at_once}) == 1
    assert len((await api.http.get("/api/runs/")).json()) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ä"])
async def test_a_key_that_is_none_is_422(api: Api, key: str) -> None:
    problem = await refusal(api, 422, json={"name": "x"}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert problem["errors"][0]["field"] == "Idempotency-Key"


async def test_a_busy_thread_queues_or_refuses_as_asked(api: Api) -> None:
    thread_id = str(uuid.uuid4())
    await api.create(thread_id=thread_id)
    await refusal(api, 409, json={"name": "x", "thread_id": thread_id, "on_busy_thread": "reject"})
    run_id = await api.create(thread_id=thread_id, on_busy_thread="queue")
    assert (await api.http.get(f"/api/runs/{run_id}")).json()["thread_id"] == thread_id


async def test_runs_are_listed_newest_first_in_pages_without_hole_or_double(api: Api) -> None:
    created = [await api.create(tags=["odd"] if n % 2 else []) for n in range(7)]
    seen: list[str] = []
    url = "/api/runs/?limit=3"
    while url:
        answer = await api.http.get(url)
        assert answer.headers["x-total-count"] == "7" if not seen else "8"
        seen += [run["run_id"] for run in answer.json()]
        await api.create() if len(seen) == 3 else None
        url = answer.links.get("next", {}).get("url", "")
    assert seen == created[::-1]


async def test_runs_are_filtered(api: Api) -> None:
    run = await api.begin(tags=["t"])
    await run.complete()
    other = await api.create()
    both = {run.run_id, other}
    thread_id = (await api.http.get(f"/api/runs/{other}")).json()["thread_id"]
    for query, found in [
        ("status=completed", {run.run_id}),
        ("status=completed&status=queued", both),
        ("tag=t", {run.run_id}),
        ("name=test-run", both),
        ("name=nope", set()),
        ("workflow=text-report", both),
        (f"thread_id={thread_id}", {other}),
        ("created_after=2020-01-01T00:00:00Z", both),
        ("created_after=2020-01-01T00:00:00", both),
        ("created_before=2020-01-01T00:00:00Z", set()),
    ]:
        answer = await api.http.get(f"/api/runs/?{query}")
        assert {listed["run_id"] for listed in answer.json()} == found, query
        assert answer.headers["x-total-count"] == str(len(found))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=odd", "status[0]"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=" + "9" * 30, "cursor"),
        ("thread_id=x", "thread_id"),
        ("created_after=x", "created_after"),
    ],
)
async def test_a_filter_that_is_none_is_422(api: Api, query: str, field: str) -> None:
    answer = await api.http.get(f"/api/runs/?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


ROUTES = [
    ("GET", ""),
    ("DELETE", ""),
    ("GET", "/events"),
    ("GET", "/events/1/update"),
    ("GET", "/artifacts"),
    ("GET", "/checkpoints"),
    ("GET", "/state"),
    ("POST", "/cancel"),
    ("POST", "/resume"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_malformed_id_is_422_and_an_unknown_one_404(api: Api, method: str, path: str) -> None:
    body = {"json": {"resume": 1}} if path == "/resume" else {}
    for slash in ("", "/"):
        for run_id, status in (("nope", 422), ("%00", 422), (UNKNOWN, 404), ("0" * 32, 404)):
            answer = await api.http.request(method, f"/api/runs/{run_id}{path}{slash}", **body)
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"


async def test_cancel_ends_a_waiting_run_and_the_second_cancel_is_409(api: Api) -> None:
    run_id = await api.create()
    answer = await api.http.post(f"/api/runs/{run_id}/cancel", json={"reason": "a mistake"})
    assert answer.status_code == 202
    assert answer.json()["status"] == "cancelled"
    again = await api.http.post(f"/api/runs/{run_id}/cancel/")
    assert again.status_code == 409
    assert "cancelled" in again.json()["detail"]
    events = (await api.http.get(f"/api/runs/{run_id}/events")).json()
    assert events[-1]["event"] == "cancelled"
    assert events[-1]["data"]["reason"] == "a mistake"


async def test_cancel_of_an_executing_run_is_a_command_to_its_owner(api: Api) -> None:
    run = await api.begin()
    answer = await api.http.post(f"/api/runs/{run.run_id}/cancel")
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    assert (await api.http.post(f"/api/runs/{run.run_id}/cancel", content=b'{"why": 1}')).status_code == 422


def question(interrupt_id: str, *, schema: bytes | None = None) -> InterruptRow:
    return InterruptRow(
        interrupt_id=interrupt_id,
        task_id="task",
        node="ask",
        position=0,
        value=b'{"question":"ok?"}',
        response_schema=schema,
    )


async def test_an_answer_is_taken_once(api: Api) -> None:
    run = await api.begin()
    path = f"/api/runs/{run.run_id}/resume"
    assert (await api.http.post(path, json={"resume": True})).status_code == 409
    await run.ask(question("q1"))
    answer = await api.http.post(path, json={"resume": True})
    assert answer.status_code == 202
    assert answer.json()["run_id"] == run.run_id
    assert (await api.http.post(path, json={"resume": True})).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "resume"),
        (b'{"resume": null}', "resume"),
        (b'{"resume": 1, "answers": {"q": 1}}', "resume"),
        (b'{"answers": {}}', "answers"),
        (b'{"answers": {"q1": null}}', "answers.q1"),
        (b'{"answers": {"q1": 5}}', "answers.q1"),
        (b'{"resume": 5}', "resume"),
    ],
)
async def test_an_answer_that_is_none_is_422(api: Api, body: bytes, field: str) -> None:
    run = await api.begin()
    await run.ask(question("q1", schema=b'{"type": "boolean"}'))
    answer = await api.http.post(f"/api/runs/{run.run_id}/resume", content=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_several_questions_are_answered_by_their_ids(api: Api) -> None:
    run = await api.begin()
    await run.ask(question("q1"), question("q2"))
    path = f"/api/runs/{run.run_id}/resume"
    assert (await api.http.post(path, json={"resume": True})).status_code == 409
    assert (await api.http.post(path, json={"answers": {"q3": 1}})).status_code == 409
    assert (await api.http.post(path, json={"answers": {"q1": 1}})).status_code == 202
    assert (await api.http.post(path, json={"answers": {"q1": 1}})).status_code == 409
    assert (await api.http.post(path, json={"answers": {"q2": {"yes": True}}})).status_code == 202


async def test_an_ended_run_can_be_deleted_and_no_other(api: Api) -> None:
    run = await api.begin()
    assert (await api.http.delete(f"/api/runs/{run.run_id}")).status_code == 409
    await run.complete()
    assert (await api.http.delete(f"/api/runs/{run.run_id}")).status_code == 204
    assert (await api.http.delete(f"/api/runs/{run.run_id}")).status_code == 404
    assert (await api.http.get(f"/api/runs/{run.run_id}/events")).status_code == 404


async def test_a_run_id_of_ours_is_never_taken_for_a_new_thread(api: Api) -> None:
    run_id = await api.create(thread_id=new_id().upper())
    shown = (await api.http.get(f"/api/runs/{run_id}")).json()
    assert shown["thread_id"] == shown["thread_id"].lower()


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (b'["kept","gone"]', {"kept": 1}),
        (b'"kept"', 1),
        (None, {"kept": 1, "private": 2}),
    ],
    ids=["keys", "a bare value", "published before there were outputs"],
)
async def test_a_result_that_is_too_large_for_its_run_has_the_output_keys_only(
    api: Api, outputs: bytes | None, expected: Any
) -> None:
    await api.host.publish(dataclasses.replace(workflow(), outputs=outputs))
    run = await api.begin()
    await run.step("parse", {"kept": 1, "private": 2}, number=1)
    await run.commit(event(EventKind.COMPLETED), status=RunStatus.COMPLETED, result=None)
    assert (await api.http.get(f"/api/runs/{run.run_id}")).json()["result"] == expected
