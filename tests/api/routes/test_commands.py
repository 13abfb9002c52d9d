"""What people order: once for each key, refused where it does not fit, and written down."""

from __future__ import annotations

import pytest

from fastgraph.database.records import InterruptRow
from fastgraph.status import RunStatus
from support.served_api import Api

pytestmark = pytest.mark.anyio


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
