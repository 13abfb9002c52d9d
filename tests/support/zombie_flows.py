"""Workflows for hosts that are stopped or hang: a node that waits for its own process to be let go, one whose C code keeps
the GIL, and one long job.

Each process waits for a file of its own (`go-<pid>` beside the ledger), so that a test decides which incarnation of a task
ends first. A ledger line is: run, word, idempotency key, process.
"""

import ctypes
import os
import threading
from pathlib import Path
from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, get_config, idempotency_key, save_artifact

POLL_SECONDS = 0.02


class State(TypedDict, total=False):
    seconds: float
    pid: int
    after: int
    text: str


def folder() -> Path:
    return Path(os.environ["FASTGRAPH_TEST_LEDGER"]).parent


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    run_id = get_config()["configurable"]["run_id"]
    line = f"{run_id} {word} {idempotency_key()} {os.getpid()}\n".encode()
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def wait_for_own_go() -> None:
    while not (folder() / f"go-{os.getpid()}").exists():
        threading.Event().wait(POLL_SECONDS)


def hold(state: State) -> dict[str, Any]:
    """Wait until this process is let go, and say who it was."""
    note("begun")
    wait_for_own_go()
    note("ended")
    save_artifact("who.txt", str(os.getpid()).encode())
    return {"pid": os.getpid()}


def keep_the_gil(state: State) -> dict[str, Any]:
    """C code that keeps the GIL, the first time only; then wait as above."""
    first = folder() / "kept-the-gil"
    note("begun")
    if not first.exists():
        first.write_text(str(os.getpid()))
        threading.Event().wait(0.5)  # let the Writer end what it is writing
        ctypes.PyDLL(None).usleep(int(state["seconds"] * 1_000_000))
    wait_for_own_go()
    note("ended")
    return {"pid": os.getpid()}


def work_long(state: State) -> dict[str, Any]:
    note("begun")
    threading.Event().wait(state["seconds"])
    note("ended")
    return {"pid": os.getpid()}


def echo(state: State) -> dict[str, Any]:
    """Turn a text round, so that what comes back is another value."""
    return {"text": state["text"][::-1] + "!"}


def after(state: State) -> dict[str, Any]:
    note("after")
    return {"after": os.getpid()}


def chain(name: str, *nodes: Any) -> Any:
    builder = StateGraph(State)
    last = START
    for node in nodes:
        builder.add_node(node)
        builder.add_edge(last, node.__name__)
        last = node.__name__
    builder.add_edge(last, END)
    return builder.compile(name=name)


holding = chain("holding", hold, after)
keeping = chain("keeping", keep_the_gil, after)
long = chain("long", work_long)
echoing = chain("echoing", echo)
