"""Workflows of the kill -9 loop: a fan-out, retries, a timer, a signal, a child, and a walk that is cancelled.

Each execution adds a line to the ledger, outside of the store: run, what, idempotency key, attempt, process. Where a node
waits, the line comes after the wait: a node that waits is executed again from its top, and that is no fault.
"""

import operator
import os
import threading
from typing import Annotated, Any, TypedDict

from fastgraph import (
    END,
    START,
    RetryPolicy,
    Send,
    StateGraph,
    attempt,
    get_config,
    idempotency_key,
    run_workflow,
    sleep,
    wait_for_signal,
)

PARTS = 6
STEPS = 4
WALK_STEPS = 400


class State(TypedDict, total=False):
    part: int
    done: Annotated[list[int], operator.add]
    steps: int
    heard: Any


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    line = f"{run_id} {word} {idempotency_key()} {attempt()} {os.getpid()}\n".encode()
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def work(seconds: float) -> None:
    threading.Event().wait(seconds)


def step(state: State) -> dict[str, Any]:
    """One step of a short walk."""
    number = state.get("steps", 0) + 1
    note(f"step-{number}")
    work(0.15)
    return {"steps": number}


def last(state: State) -> dict[str, Any]:
    note("last")
    return {"done": [-1]}


def walking(name: str, *middle: Any) -> Any:
    """A walk of STEPS steps, then these nodes, then the last one."""
    builder = StateGraph(State)
    builder.add_node(step)
    builder.add_node(last)
    builder.add_edge(START, "step")
    previous = "last"
    for node in reversed(middle):
        retry = RetryPolicy(initial_interval=0.1, max_attempts=3) if node is stumble else None
        builder.add_node(node.__name__, node, retry_policy=retry)
        builder.add_edge(node.__name__, previous)
        previous = node.__name__
    builder.add_conditional_edges(
        "step", lambda state: "step" if state["steps"] < STEPS else previous, ["step", previous]
    )
    builder.add_edge("last", END)
    return builder.compile(name=name)


def split(state: State) -> list[Send]:
    return [Send("part", {"part": number}) for number in range(PARTS)]


def part(state: State) -> dict[str, Any]:
    note(f"part-{state['part']}")
    work(0.1 + 0.05 * state["part"])
    return {"done": [state["part"]]}


def fan(state: State) -> dict[str, Any]:
    note("fan")
    return {}


def stumble(state: State) -> dict[str, Any]:
    """Fails at its first two attempts."""
    note("stumble")
    work(0.05)
    if attempt() < 3:
        raise ConnectionError("not yet")
    return {"done": [3]}


def nap(state: State) -> dict[str, Any]:
    sleep(1.0)
    note("slept")
    return {}


def listen(state: State) -> dict[str, Any]:
    heard = wait_for_signal("go")
    note("heard")
    return {"heard": heard}


def ask(state: State) -> dict[str, Any]:
    result = run_workflow("fan-out")
    note("answered")
    return {"done": result["done"]}


def endless(state: State) -> dict[str, Any]:
    note(f"endless-{state.get('steps', 0)}")
    work(0.1)
    return {"steps": state.get("steps", 0) + 1}


fan_builder = StateGraph(State)
for one in (fan, part, last):
    fan_builder.add_node(one)
fan_builder.add_edge(START, "fan")
fan_builder.add_conditional_edges("fan", split, ["part"])
fan_builder.add_edge("part", "last")
fan_builder.add_edge("last", END)
fan_out = fan_builder.compile(name="fan-out")

retry = walking("retry", stumble)
timer = walking("timer", nap)
signal = walking("signal", listen)
child = walking("child", ask)

cancel_builder = StateGraph(State)
cancel_builder.add_node(endless)
cancel_builder.add_edge(START, "endless")
cancel_builder.add_conditional_edges(
    "endless", lambda state: "endless" if state["steps"] < WALK_STEPS else END, ["endless", END]
)
cancel = cancel_builder.compile(name="cancel")
