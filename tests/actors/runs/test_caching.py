"""Results of nodes with a cache policy serve later runs, also on other hosts, until they are too old."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from fastgraph import START, CachePolicy
from fastgraph.database.item_records import ClearCache, SweepItems
from support.boots import House
from support.small_flows import Log, new_graph

pytestmark = pytest.mark.anyio


def cached(calls: list[Any], **policy: Any) -> Any:
    def node(state: Log) -> dict[str, Any]:
        calls.append(state["value"])
        return {"log": [len(calls)]}

    builder = new_graph()
    builder.add_node("node", node, cache_policy=CachePolicy(**policy))
    builder.add_edge(START, "node")
    return builder.compile(name="cached")


def change(house: House, statement: str) -> list[Any]:
    """Run a statement on a connection that is not the Writer's own."""
    with (
        closing(sqlite3.connect(house.settings.data_dir / "fastgraph.db", timeout=10)) as connection,
        connection,
    ):
        return connection.execute(statement).fetchall()


async def result(house: House, value: Any) -> tuple[list[Any], bool]:
    run_id = await house.accept("cached", {"value": value})
    await house.ended(run_id)
    [event] = await house.tells(run_id, "node_update")
    return (await house.values(run_id))["log"], event["data"].get("cached", False)


async def test_a_result_serves_other_runs_and_other_hosts(any_house: House) -> None:
    calls: list[Any] = []
    graph = cached(calls)
    first = await any_house.boot(graph)
    assert await result(any_house, "a") == ([1], False)
    assert await result(any_house, "a") == ([1], True)
    assert await result(any_house, "b") == ([2], False)
    await first.drain()
    await any_house.boot(graph)
    assert await result(any_house, "a") == ([1], True)
    assert calls == ["a", "b"]


async def test_an_old_result_is_not_used_and_is_pruned(house: House) -> None:
    calls: list[Any] = []
    await house.boot(cached(calls, ttl=3600))
    await result(house, "a")
    assert await result(house, "a") == ([1], True)
    change(house, "UPDATE node_cache SET expires_at = 1")
    assert await result(house, "a") == ([2], False)
    change(house, "UPDATE node_cache SET expires_at = 1")
    await house.writer.write(SweepItems(now=datetime.now(UTC)))
    assert change(house, "SELECT * FROM node_cache") == []


async def test_a_cleared_cache_has_nothing(house: House) -> None:
    calls: list[Any] = []
    await house.boot(cached(calls))
    await result(house, "a")
    [(value,)] = change(house, "SELECT value FROM node_cache")
    assert b"pickle" not in value
    for asked, cleared in (({"node": "other"}, 0), ({"workflow": "cache%"}, 0), ({"node": "node"}, 1)):
        assert await house.writer.write(ClearCache(**{"workflow": "cached", **asked})) == cleared
    assert await result(house, "a") == ([2], False)
    assert await house.writer.write(ClearCache(workflow="cached")) == 1
    assert await result(house, "a") == ([3], False)


async def test_a_failure_is_not_kept(house: House) -> None:
    calls: list[int] = []

    def node(state: Log) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")
        return {"log": ["ok"]}

    builder = new_graph()
    builder.add_node("node", node, cache_policy=CachePolicy())
    builder.add_edge(START, "node")
    await house.boot(builder.compile(name="cached"))
    assert (await house.ended(await house.accept("cached", {}))).status == "failed"
    assert (await result(house, None))[0] == ["ok"]
