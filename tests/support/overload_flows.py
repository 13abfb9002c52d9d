"""A workflow that notices by itself when more of its runs go on at once than there are places.

A place is a file with a lock (`flock`: of one descriptor, so two runs of one process exclude each other, too, and it dies
with its process). Who finds none free writes so into the ledger, outside of the store.
"""

import fcntl
import os
import threading
from pathlib import Path
from typing import TypedDict

from fastgraph import END, START, StateGraph, get_config

PLACES = 2


class State(TypedDict, total=False):
    steps: int
    done: int


def occupy(state: State) -> dict[str, int]:
    """Hold a place for a moment; say so where there is none."""
    folder = Path(os.environ["FASTGRAPH_TEST_LEDGER"]).parent
    held = _take(folder)
    _note("over" if held is None else "inside")
    threading.Event().wait(0.03)
    if held is not None:
        os.close(held)
    return {"done": state.get("done", 0) + 1}


def _take(folder: Path) -> int | None:
    for number in range(PLACES):
        descriptor = os.open(folder / f"place-{number}", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return descriptor
    return None


def _note(word: str) -> None:
    run_id = get_config()["configurable"]["run_id"]
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{run_id} {word} - {os.getpid()}\n".encode())
    finally:
        os.close(descriptor)


def more(state: State) -> str:
    return "occupy" if state["done"] < state.get("steps", 20) else END


builder = StateGraph(State)
builder.add_node(occupy)
builder.add_edge(START, "occupy")
builder.add_conditional_edges("occupy", more, ["occupy", END])
crowded = builder.compile(name="crowded")
