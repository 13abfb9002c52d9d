"""Workflows that wait: for a time, for a signal. The kill tests run them in real hosts.

As in `promise_flows`, each execution of a node adds a line to the ledger, outside of the store.
"""

import os
import threading
from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, get_config, run_workflow, sleep, wait_for_signal


class State(TypedDict, total=False):
    seconds: float
    first: Any
    second: Any


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    line = f"{run_id} {word} - {os.getpid()}\n".encode()
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def before(state: State) -> dict[str, Any]:
    note("before")
    return {"first": 1}


def nap(state: State) -> dict[str, Any]:
    sleep(state["seconds"])
    note("slept")
    return {"second": 2}


def listen(state: State) -> dict[str, Any]:
    first = wait_for_signal("go")
    second = wait_for_signal("go")
    note("heard")
    return {"first": first, "second": second}


def _chain(name: str, *nodes: Any) -> Any:
    builder = StateGraph(State)
    last = START
    for node in nodes:
        builder.add_node(node)
        builder.add_edge(last, node.__name__)
        last = node.__name__
    builder.add_edge(last, END)
    return builder.compile(name=name)


sleeping = _chain("sleeping", before, nap)
listening = _chain("listening", before, listen)


def child_step(state: State) -> dict[str, Any]:
    note("child")
    return {"first": wait_for_signal("go")}


def ask_child(state: State) -> dict[str, Any]:
    result = run_workflow("child")
    note("answered")
    return {"second": result["first"]}


child = _chain("child", child_step)
parent = _chain("parent", before, ask_child)


def inner_one(state: State) -> dict[str, Any]:
    note("one")
    return {"first": 1}


def inner_two(state: State) -> dict[str, Any]:
    note("two")
    threading.Event().wait(state["seconds"])
    note("done")
    return {"second": 2}


nesting_builder = StateGraph(State)
nesting_builder.add_node("inner", _chain("inner", inner_one, inner_two))
nesting_builder.add_edge(START, "inner")
nesting_builder.add_edge("inner", END)
nesting = nesting_builder.compile(name="nesting")
