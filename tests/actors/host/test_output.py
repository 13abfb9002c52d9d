"""What nodes print and log reaches their run's console, from every thread that is theirs, and nobody else's does."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.host.output import MAX_LINE_CHARACTERS, capture_output
from fastgraph import END, START, CompiledGraph, StateGraph
from support.boots import House
from support.small_flows import Log

pytestmark = pytest.mark.anyio

LINES = 100_000
log = logging.getLogger("shop.orders")


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with capture_logs():
        yield


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """The process's own stdout, with the capture in front of it as in a host; pytest sets its own before each test."""
    before, real = sys.stdout, io.StringIO()
    sys.stdout = real
    restore = capture_output()
    try:
        yield real
    finally:
        restore()
        sys.stdout = before


def one_node(node: Any) -> CompiledGraph:
    graph = StateGraph(Log)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    return graph.compile(name="talk")


async def lines_of(house: House, node: Any, *, elsewhere: str = "") -> list[dict[str, Any]]:
    """Run a workflow of one node and return its run's console."""
    with captured() as stdout:
        await house.boot(one_node(node))
        run_id = await house.accept("talk")
        ended = await house.ended(run_id)
    assert ended.status == "completed", ended
    assert stdout.getvalue() == elsewhere
    return [event["data"] for event in await house.events(run_id) if event["event"] == "log"]


def printed(text: str) -> dict[str, str]:
    return {"level": "info", "message": text, "logger": "stdout"}


async def test_a_sync_node_prints_and_logs_in_order(house: House) -> None:
    def node(state: Log) -> None:
        print("first", 1, sep="-")
        log.info("order %d", 17)
        print("two\nlines\n\nand", end="")
        print(" more", flush=True)
        log.error("failed", exc_info=ValueError("no stock"))
        print("no end", end="")

    lines = await lines_of(house, node)
    assert lines[:5] == [
        printed("first-1"),
        {"level": "info", "message": "order 17", "logger": "shop.orders"},
        printed("two"),
        printed("lines"),
        printed(""),
    ]
    assert lines[5] == printed("and more")
    assert lines[6]["level"] == "error"
    assert lines[6]["message"].endswith("ValueError: no stock")
    assert lines[7:] == [printed("no end")]


async def test_an_async_node_and_its_threads_are_heard(house: House) -> None:
    async def node(state: Log) -> None:
        print("on the loop")
        await asyncio.to_thread(print, "in a thread of asyncio")
        thread = threading.Thread(target=copy_context().run, args=(log.warning, "with the context"))
        thread.start()
        thread.join()
        lost = threading.Thread(target=print, args=("without the context",))
        lost.start()
        lost.join()

    lines = await lines_of(house, node, elsewhere="without the context\n")
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("stdout", "on the loop"),
        ("stdout", "in a thread of asyncio"),
        ("shop.orders", "with the context"),
    ]


async def test_runs_at_the_same_time_have_consoles_of_their_own(house: House) -> None:
    meeting = threading.Barrier(3)

    def node(state: Log) -> None:
        mine = state["log"][0]
        for number in range(50):
            print(mine, end=" ")
            meeting.wait(10)
            print(number)

    with captured():
        await house.boot(one_node(node))
        runs = {name: await house.accept("talk", payload={"log": [name]}) for name in ("a", "b", "c")}
        for run_id in runs.values():
            await house.ended(run_id)
    for name, run_id in runs.items():
        events = await house.events(run_id)
        said = [event["data"]["message"] for event in events if event["event"] == "log"]
        assert said == [f"{name} {number}" for number in range(50)]


async def test_a_node_that_prints_a_hundred_thousand_lines_harms_nobody(house: House) -> None:
    def node(state: Log) -> None:
        for number in range(LINES):
            print("line", number)

    with captured():
        await house.boot(one_node(node))
        run_id = await house.accept("talk")
        await house.ended(run_id)
    batches = [
        event for commit in house.commits_of(run_id) for event in commit.events if event.kind == "stream"
    ]
    assert sum(batch.covers for batch in batches) == LINES
    assert len(batches) < LINES / 100


async def test_a_long_line_comes_in_pieces_and_odd_text_is_shown(house: House) -> None:
    def node(state: Log) -> None:
        print("x" * (MAX_LINE_CHARACTERS * 2 + 5))
        print("odd \ud800 text\r")
        log.critical("y" * (MAX_LINE_CHARACTERS + 1))

    lines = await lines_of(house, node)
    sizes = [len(line["message"]) for line in lines]
    assert max(sizes) <= MAX_LINE_CHARACTERS
    text = "".join(line["message"] for line in lines)
    assert text.count("x") == MAX_LINE_CHARACTERS * 2 + 6  # and the one of "text"
    assert "odd \\ud800 text" in text
    assert text.count("y") == MAX_LINE_CHARACTERS + 1
    assert lines[-1]["level"] == "error"


async def test_a_broken_message_of_a_node_harms_nobody(house: House) -> None:
    def node(state: Log) -> None:
        log.info("%d", "no number")
        print("on")

    assert await lines_of(house, node) == [printed("on")]


def test_outside_of_nodes_nothing_changes() -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    try:
        with captured() as stdout:
            print("to the real one")
            sys.stdout.writelines(["a", "b\n"])
            logging.getLogger("lib").warning("as before")
            logging.getLogger("lib").info("still not shown")
            assert (sys.stdout.isatty(), sys.stdout.encoding) == (False, stdout.encoding)
    finally:
        logging.getLogger().removeHandler(handler)
    assert stdout.getvalue() == "to the real one\nab\n"
    assert heard.getvalue() == "as before\n"


def test_a_plain_invoke_prints_where_every_program_does(capsys: pytest.CaptureFixture[str]) -> None:
    one_node(lambda state: print("plain")).invoke({"log": []})
    assert capsys.readouterr().out == "plain\n"


def test_taking_it_away_leaves_everything_as_it_was() -> None:
    root = logging.getLogger()
    before = (sys.stdout, root.level, list(root.handlers))
    capture_output()()
    assert (sys.stdout, root.level, list(root.handlers)) == before
