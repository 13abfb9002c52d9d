"""Workflows whose nodes fail on purpose, for tests that kill the host while a run waits for another attempt or a handler.

Each execution adds a line to the ledger of `promise_flows`: what really ran, whatever the store says.
"""

import os
import threading
from pathlib import Path
from typing import Any, TypedDict

from fastgraph import START, CachePolicy, NodeError, RetryPolicy, StateGraph, attempt, get_config


class State(TypedDict, total=False):
    attempts: int
    told: str


def note(word: str) -> int:
    """Add a line to the ledger, in one write, and return how many this run has now."""
    run_id = get_config()["configurable"]["run_id"]
    path = os.environ["FASTGRAPH_TEST_LEDGER"]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{run_id} {word} - {os.getpid()}\n".encode())
    finally:
        os.close(descriptor)
    with Path(path).open() as ledger:
        return sum(line.startswith(run_id) for line in ledger)


def flaky(state: State) -> dict[str, Any]:
    """Work at the third attempt."""
    note(f"flaky-{attempt()}")
    if attempt() < 3:
        raise ConnectionError(f"attempt {attempt()}")
    return {"attempts": attempt()}


def broken(state: State) -> dict[str, Any]:
    note("broken")
    raise ValueError("broken for good")


def mend(state: State, error: NodeError) -> dict[str, Any]:
    """Hang the first time, so that the test can kill the host here."""
    if note("mend") == 2:
        threading.Event().wait()
    return {"told": f"{error.node}: {error.error}"}


def think(state: State) -> dict[str, Any]:
    note("think")
    return {"told": "thought"}


PATIENT = RetryPolicy(initial_interval=2.0, backoff_factor=1.0, jitter=False, max_attempts=3)

retried_builder: Any = StateGraph(State).add_node(flaky, retry_policy=PATIENT)
retried = retried_builder.add_edge(START, "flaky").compile(name="retried")
handled_builder: Any = StateGraph(State).add_node(broken, error_handler=mend)
handled = handled_builder.add_edge(START, "broken").compile(name="handled")
remembered_builder: Any = StateGraph(State).add_node(think, executor="process", cache_policy=CachePolicy())
remembered = remembered_builder.add_edge(START, "think").compile(name="remembered")
