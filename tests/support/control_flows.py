"""Workflows that stand where a test wants them: held in a task, asking, sleeping, listening, failing. For real hosts.

A held node goes on when a file of its run's id lies in the folder that FASTGRAPH_TEST_GATE names. Each execution of a node
adds a line to the ledger, outside of the store.
"""

import os
import threading
from pathlib import Path
from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, get_config, interrupt, sleep, wait_for_signal


class State(TypedDict, total=False):
    mended: bool
    said: Any


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{run_id} {word} - {os.getpid()}\n".encode())
    finally:
        os.close(descriptor)


def hold(state: State) -> None:
    note("held")
    gate = Path(os.environ["FASTGRAPH_TEST_GATE"], get_config()["configurable"]["run_id"])
    while not gate.exists():
        threading.Event().wait(0.02)


def step(state: State) -> dict[str, Any]:
    """One of many short steps, until the gate is open."""
    note("step")
    threading.Event().wait(0.05)
    gate = Path(os.environ["FASTGRAPH_TEST_GATE"], get_config()["configurable"]["run_id"])
    return {"said": gate.exists()}


def after(state: State) -> dict[str, Any]:
    note("after")
    return {"said": "after"}


def ask(state: State) -> dict[str, Any]:
    return {"said": interrupt("what?")}


def nap(state: State) -> None:
    sleep(3600)


def listen(state: State) -> dict[str, Any]:
    return {"said": wait_for_signal("go")}


def first(state: State) -> None:
    note("first")


def fail(state: State) -> dict[str, Any]:
    note("fail")
    if not state.get("mended"):
        raise ValueError("not mended yet")
    return {"said": "mended"}


def _chain(name: str, *nodes: Any) -> Any:
    builder: Any = StateGraph(State)
    last = START
    for node in nodes:
        builder.add_node(node)
        builder.add_edge(last, node.__name__)
        last = node.__name__
    return builder.compile(name=name)


walk: Any = StateGraph(State).add_node(step)
walk.add_edge(START, "step")
walk.add_conditional_edges("step", lambda state: END if state["said"] else "step", ["step", END])

walking = walk.compile(name="walking")
holding = _chain("holding", hold, after)
asking = _chain("asking", ask)
napping = _chain("napping", nap)
listening = _chain("listening", listen)
failing = _chain("failing", first, fail)
quick = _chain("quick", after)
