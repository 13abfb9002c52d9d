"""Workflows that fill a disk: each step writes a large value, which spills to a file, and an artifact.

The ledger, a line an execution, lies outside of the data folder, so it tells what ran also while that takes nothing.
"""

import os
import threading
from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, get_config, idempotency_key, save_artifact

VALUE_BYTES = 400_000  # over the limit at which values go to files


class State(TypedDict, total=False):
    steps: int
    done: int
    pause_seconds: float
    text: str
    artifact: str


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    line = f"{run_id} {word} {idempotency_key()} {os.getpid()}\n".encode()
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def fill(state: State) -> dict[str, Any]:
    """One step: a value and an artifact that nobody else has."""
    number = state.get("done", 0) + 1
    note(str(number))
    threading.Event().wait(state.get("pause_seconds", 0.1))
    artifact = save_artifact(f"step-{number}.bin", os.urandom(VALUE_BYTES // 8))
    return {"done": number, "text": os.urandom(VALUE_BYTES // 2).hex(), "artifact": artifact}


def more(state: State) -> str:
    return "fill" if state["done"] < state.get("steps", 10) else END


builder: Any = StateGraph(State)
builder.add_node(fill)
builder.add_edge(START, "fill")
builder.add_conditional_edges("fill", more, ["fill", END])
filling = builder.compile(name="filling")
