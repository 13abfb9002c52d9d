"""Timeouts of nodes on the user loops: an attempt that is late fails at once, and what it does later reaches nobody."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import orjson
import pytest

from fastgraph import START, RetryPolicy, Runtime, Send, TimeoutPolicy, attempt, log
from support.boots import House
from support.small_flows import Log, new_graph

pytestmark = pytest.mark.anyio


def timed(node: Any, timeout: Any, **options: Any) -> Any:
    builder = new_graph()
    builder.add_node("node", node, timeout=timeout, **options)
    builder.add_edge(START, "node")
    return builder.compile(name="timed")


async def spend(seconds: float) -> None:
    """Take so long; that is what is watched."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def hang(state: Log) -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


async def test_a_late_node_fails_its_run(house: House) -> None:
    await house.boot(timed(hang, 0.05))
    run = await house.ended(await house.accept("timed", {}))
    error = orjson.loads(run.error or b"")
    assert (run.status, error["type"], error["node"]) == ("failed", "NodeTimeoutError", "node")


async def test_a_late_attempt_is_repeated_and_its_late_words_are_dropped(house: House) -> None:
    async def node(state: Log) -> dict[str, Any]:
        number = attempt()
        if number > 1:
            return {"log": [number]}
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log("late")
        return {"log": ["late"]}

    policy = RetryPolicy(initial_interval=0.02, jitter=False)
    await house.boot(timed(node, TimeoutPolicy(run_timeout=0.05), retry_policy=policy))
    run_id = await house.accept("timed", {})
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == [2]
    assert "log" not in await house.kinds(run_id)
    [retry] = await house.tells(run_id, "node_retry")
    assert retry["data"]["error"]["type"] == "NodeTimeoutError"


async def test_an_idle_timeout_is_put_off_by_heartbeats(house: House) -> None:
    async def node(state: Log, runtime: Runtime[None]) -> dict[str, Any]:
        for _ in range(5):
            await spend(0.1)
            runtime.heartbeat()
        return {"log": ["alive"]}

    await house.boot(timed(node, TimeoutPolicy(idle_timeout=0.3, refresh_on="heartbeat")))
    run_id = await house.accept("timed", {})
    assert (await house.ended(run_id)).status == "completed"


async def test_a_sends_own_timeout_is_kept_with_its_task(house: House) -> None:
    builder = new_graph()
    builder.add_node("first", lambda state: None)
    builder.add_node("node", hang, timeout=3600)
    builder.add_edge(START, "first")
    builder.add_conditional_edges("first", lambda state: [Send("node", {}, timeout=0.05)])
    await house.boot(builder.compile(name="timed"))
    run = await house.ended(await house.accept("timed", {}))
    assert orjson.loads(run.error or b"")["type"] == "NodeTimeoutError"
