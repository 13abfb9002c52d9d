"""A node that fails is tried again after its backoff, and a restart neither forgets attempts nor waits anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from fastgraph import RetryPolicy, attempt, idempotency_key
from fastgraph.database import tables
from fastgraph.database.times import to_micros
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, retrying

pytestmark = pytest.mark.anyio

SOON = RetryPolicy(initial_interval=0.05, jitter=False, max_attempts=3)
LATER = RetryPolicy(initial_interval=1.5, backoff_factor=1.0, jitter=False, max_attempts=5)
NEXT_HOUR = RetryPolicy(initial_interval=3600.0, max_interval=3600.0, jitter=False, max_attempts=3)


def failing(times: int, seen: list[tuple[int, str]]) -> Any:
    """A node that fails so often and notes the number of each attempt and its key."""

    def node(state: Log) -> dict[str, Any]:
        seen.append((attempt(), idempotency_key()))
        if attempt() <= times:
            raise ConnectionError(f"attempt {attempt()}")
        return {"log": ["at last"]}

    return node


async def test_a_failed_node_is_tried_again_with_backoff(any_house: House) -> None:
    seen: list[tuple[int, str]] = []
    await any_house.boot(retrying("retries", failing(2, seen), SOON))
    run_id = await any_house.accept("retries")
    assert (await any_house.ended(run_id)).status == "completed"
    assert [number for number, _ in seen] == [1, 2, 3]
    assert len({key for _, key in seen}) == 1
    first, second = await any_house.tells(run_id, "node_retry", 2)
    assert (first["data"]["attempt"], second["data"]["attempt"]) == (1, 2)
    assert waited(first) == pytest.approx(0.05, abs=0.01)
    assert waited(second) == pytest.approx(0.1, abs=0.01)
    started = await any_house.tells(run_id, "node_started", 3)
    assert [event["data"]["attempt"] for event in started] == [1, 2, 3]
    assert at(started[2]) - at(second) >= 0.09


def at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def waited(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["data"]["next_at"]).timestamp() - at(event)


async def test_a_node_fails_after_its_last_attempt(house: House) -> None:
    seen: list[tuple[int, str]] = []
    await house.boot(retrying("retries", failing(99, seen), SOON))
    run = await house.ended(await house.accept("retries"))
    error = orjson.loads(run.error or b"")
    assert (run.status, error["attempt"], error["message"]) == ("failed", 3, "attempt 3")
    assert len(seen) == 3


async def test_a_retry_survives_a_restart_with_its_number_and_its_time(any_house: House) -> None:
    seen: list[tuple[int, str]] = []
    graph = retrying("retries", failing(1, seen), LATER)
    first = await any_house.boot(graph)
    run_id = await any_house.accept("retries")
    [retry] = await any_house.tells(run_id, "node_retry")
    await first.die()
    await any_house.boot(graph)
    await any_house.free_dead(first)
    assert (await any_house.ended(run_id)).status == "completed"
    assert [number for number, _ in seen] == [1, 2]
    assert len({key for _, key in seen}) == 1
    _, second = await any_house.tells(run_id, "node_started", 2)
    assert second["data"]["attempt"] == 2
    assert at(second) >= datetime.fromisoformat(retry["data"]["next_at"]).timestamp() - 0.01


async def test_a_run_that_waits_long_for_its_next_attempt_costs_no_actor(house: House) -> None:
    seen: list[tuple[int, str]] = []
    boot = await house.boot(retrying("retries", failing(1, seen), NEXT_HOUR))
    run_id = await house.accept("retries")
    run = await house.reaches(run_id, "sleeping")
    assert run.owner is None
    assert run.wake_at is not None
    assert 3_500 < (run.wake_at - datetime.now(UTC)).total_seconds() <= 3_600
    assert "next attempt" in (run.waiting_for or "")
    await house.until(lambda: has_no_actor(boot))
    assert (await house.kinds(run_id))[-1] == "sleeping"


async def has_no_actor(boot: Any) -> bool:
    await asyncio.sleep(0)
    return bool(boot.supervisor.active_runs == 0)


async def test_a_sleeping_run_that_is_due_is_running_while_it_runs(house: House) -> None:
    """Its timer is over when it is claimed: the next attempt begins at once, and the status says so."""
    gate, seen = Gate(), []

    def node(state: Log) -> dict[str, Any]:
        seen.append(attempt())
        if attempt() == 1:
            raise ConnectionError("first")
        gate.pass_through()
        return {"log": ["done"]}

    boot = await house.boot(retrying("retries", node, NEXT_HOUR))
    run_id = await house.accept("retries")
    run = await house.reaches(run_id, "sleeping")
    past = to_micros(datetime.now(UTC) - timedelta(seconds=1))
    house.change(
        update(tables.runs).values(wake_at=past).where(tables.runs.c.key == run.key),
        update(tables.attempts).values(next_at=past),
    )
    boot.supervisor.request_claim()
    await gate.reached()
    run = await house.run(run_id)
    assert (run.status, run.waiting_for) == ("running", None)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert seen == [1, 2]


async def test_a_cancel_while_a_retry_is_waited_for_ends_the_run_at_once(house: House) -> None:
    seen: list[tuple[int, str]] = []
    await house.boot(retrying("retries", failing(9, seen), LATER))
    run_id = await house.accept("retries")
    await house.tells(run_id, "node_retry")
    await house.send(run_id, "cancel")
    assert (await house.ended(run_id)).status == "cancelled"
    assert len(seen) == 1
