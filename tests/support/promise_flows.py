"""Workflows that the promise tests run in real hosts: a long walk with a ledger, and nodes that misbehave.

The ledger is a file that each execution of a node adds a line to, outside of the store: what really ran, whatever the
store says. Its path is in the variable FASTGRAPH_TEST_LEDGER.
"""

import asyncio
import operator
import os
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from fastgraph import END, START, StateGraph, get_config, idempotency_key, interrupt


class State(TypedDict, total=False):
    steps: int
    done: int
    pause_seconds: float
    text: str
    anything: Any
    seen: Annotated[list[int], operator.add]


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    line = f"{run_id} {word} {idempotency_key()} {os.getpid()}\n".encode()
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def step(state: State) -> dict[str, Any]:
    """One step of a long walk: real (if short) waiting, and a line in the ledger."""
    number = state.get("done", 0) + 1
    note(str(number))
    threading.Event().wait(state.get("pause_seconds", 0.01))
    return {"done": number, "seen": [number]}


def more(state: State) -> str:
    return "step" if state["done"] < state.get("steps", 200) else END


walk_builder = StateGraph(State)
walk_builder.add_node(step)
walk_builder.add_edge(START, "step")
walk_builder.add_conditional_edges("step", more, ["step", END])
walk = walk_builder.compile(name="walk")


def chain(name: str, *nodes: Callable[..., Any]) -> Any:
    """A straight graph of these nodes."""
    builder = StateGraph(State)
    last = START
    for node in nodes:
        builder.add_node(node)
        builder.add_edge(last, node.__name__)
        last = node.__name__
    builder.add_edge(last, END)
    return builder.compile(name=name)


def good(state: State) -> dict[str, Any]:
    threading.Event().wait(0.02)
    return {"done": state.get("done", 0) + 1}


async def good_async(state: State) -> dict[str, Any]:
    await asyncio.to_thread(threading.Event().wait, 0.02)
    return {"done": state.get("done", 0) + 1}


def blocks(state: State) -> None:
    threading.Event().wait()


async def blocks_loop(state: State) -> None:
    threading.Event().wait()


def writes_50_mb(state: State) -> dict[str, Any]:
    return {"text": "x" * 50_000_000}


def exits(state: State) -> None:
    raise SystemExit("I leave")


def returns_lambda(state: State) -> dict[str, Any]:
    return {"anything": lambda: 1}


def recurses(state: State) -> None:
    recurses(state)


def ends_process(state: State) -> None:
    os._exit(9)


def asks(state: State) -> dict[str, Any]:
    return {"anything": interrupt({"question": "go on?"})}


def works_long(state: State) -> dict[str, Any]:
    begun = time.monotonic()
    while time.monotonic() - begun < 1.0:
        sum(range(1000))
    return {"done": 1}


sync_run = chain("sync", good)
async_run = chain("async", good_async)
blocking = chain("blocks", good, blocks)
loop_blocking = chain("blocks-loop", blocks_loop)
big = chain("writes-50-mb", writes_50_mb)
exiting = chain("exits", exits)
lambda_returning = chain("returns-lambda", returns_lambda)
recursive = chain("recurses", recurses)
process_ending = chain("ends-process", good, ends_process)
asking = chain("asks", good, asks)
