"""What nodes say while they run: in order, in batches by time and size, and never after their end."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runs.stream_buffer import FLUSH_BYTES, LIMIT_BYTES, StreamBuffer
from fastgraph import log, progress, token
from fastgraph.clock import SystemClock
from fastgraph.events import EventKind
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, parallel
from support.waiting import until

LINES = 5_000


class Calls:
    """A buffer, and how often it called."""

    def __init__(self) -> None:
        self.first = self.full = 0
        self.buffer = StreamBuffer(SystemClock(), on_first=self._on_first, on_full=self._on_full)

    def _on_first(self) -> None:
        self.first += 1

    def _on_full(self) -> None:
        self.full += 1

    def say(self, text: str) -> None:
        self.buffer.add(EventKind.LOG, "node", orjson.dumps(text))

    def take(self) -> list[str]:
        batch = self.buffer.take()
        if batch is None:
            return []
        items = orjson.loads(batch.data or b"")
        assert batch.covers == len(items)
        return [item["data"] for item in items]


@given(st.lists(st.one_of(st.none(), st.text(max_size=5))))
def test_nothing_is_lost_or_put_out_of_order(said: list[str | None]) -> None:
    """None stands for a take between."""
    calls, taken = Calls(), []
    for text in said:
        if text is None:
            taken += calls.take()
        else:
            calls.say(text)
    taken += calls.take()
    assert taken == [text for text in said if text is not None]
    assert calls.take() == []


def test_the_first_line_of_a_batch_and_its_size_are_told_once() -> None:
    calls = Calls()
    for _ in range(10 * FLUSH_BYTES // 1_000):
        calls.say("x" * 1_000)
    assert (calls.first, calls.full) == (1, 1)
    calls.take()
    calls.say("again")
    assert (calls.first, calls.full) == (2, 1)


def test_a_writer_that_is_far_ahead_waits_until_the_store_has_come_after() -> None:
    calls, done = Calls(), threading.Event()

    def flood() -> None:
        for _ in range(2 * LIMIT_BYTES // 100_000):
            calls.say("x" * 100_000)
        done.set()

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    most = 0
    while not done.is_set():
        until(lambda: calls.buffer._bytes > LIMIT_BYTES - 200_000 or done.is_set())
        most = max(most, calls.buffer._bytes)
        calls.take()
    assert most <= LIMIT_BYTES


def test_a_closed_buffer_takes_nothing_in_and_lets_nobody_wait() -> None:
    calls = Calls()
    calls.say("too late to be taken")
    calls.buffer.close()
    calls.say("too late to be said")
    assert calls.take() == []


@pytest.mark.anyio
async def test_a_flood_of_lines_costs_few_commits_and_keeps_its_order(any_house: House) -> None:
    def floods(state: Log) -> dict[str, Any]:
        for number in range(LINES):
            log(str(number))
        return {"log": ["done"]}

    await any_house.boot(chain("flood", floods))
    run_id = await any_house.accept("flood")
    assert (await any_house.ended(run_id)).status == "completed"
    events = await any_house.events(run_id)
    lines = [event for event in events if event["event"] == "log"]
    assert [event["data"]["message"] for event in lines] == [str(number) for number in range(LINES)]
    assert len(any_house.commits_of(run_id)) < 50
    [update] = [event for event in events if event["event"] == "node_update"]
    [started] = [event for event in events if event["event"] == "node_started"]
    assert started["seq"] < lines[0]["seq"]
    assert lines[-1]["seq"] < update["seq"]


@pytest.mark.anyio
async def test_a_line_is_seen_while_its_node_still_runs(any_house: House) -> None:
    gate = Gate()

    async def talks(state: Log) -> dict[str, Any]:
        log("here")
        progress(1, 2)
        token("to")
        import asyncio

        await asyncio.to_thread(gate.pass_through)
        return {"log": ["done"]}

    await any_house.boot(chain("talks", talks))
    run_id = await any_house.accept("talks")
    await any_house.tells(run_id, "token")
    kinds = await any_house.kinds(run_id)
    assert kinds[-3:] == ["log", "progress", "token"]
    gate.open()
    await any_house.ended(run_id)


@pytest.mark.anyio
async def test_each_nodes_lines_come_before_its_update(house: House) -> None:
    def talker(name: str) -> Any:
        def node(state: Log) -> dict[str, Any]:
            for number in range(20):
                log(f"{name}{number}")
            return {"log": [name]}

        node.__name__ = name
        return node

    names = [f"n{number}" for number in range(8)]
    await house.boot(parallel("talkers", *(talker(name) for name in names)))
    run_id = await house.accept("talkers")
    await house.ended(run_id)
    events = await house.events(run_id)
    for name in names:
        own = [event for event in events if event.get("node") == name]
        assert [event["event"] for event in own] == ["node_started", *["log"] * 20, "node_update"]
