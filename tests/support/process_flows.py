"""Workflows whose nodes run in processes of their own, well and badly."""

import ctypes
import os
import time
from pathlib import Path
from typing import Annotated, Any, TypedDict

from fastgraph import (
    END,
    START,
    CachePolicy,
    CompiledGraph,
    RetryPolicy,
    StateGraph,
    attempt,
    interrupt,
    log,
    once,
    progress,
    save_artifact,
    task,
    token,
)


def extend(left: list[Any], right: list[Any]) -> list[Any]:
    return left + right


class State(TypedDict, total=False):
    path: str
    pids: Annotated[list[int], extend]
    answer: str


def _one(name: str, node: Any, **options: Any) -> CompiledGraph:
    builder = StateGraph(State).add_node("work", node, executor="process", **options)
    return builder.add_edge(START, "work").add_edge("work", END).compile(name=name)


def says(state: State) -> State:
    """Everything a node may say, from another process."""
    log("hello from afar", level="warning", pid=os.getpid())
    progress(1, 2, "half")
    save_artifact("note.txt", f"written by {os.getpid()}")
    return {"pids": [os.getpid()]}


async def says_later(state: State) -> State:
    return {"pids": [os.getpid()]}


def holds_the_gil(state: State) -> State:
    """A C call that never gives the GIL back: no thread of this process runs again."""
    Path(state["path"]).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(600)
    return {}


def segfaults(state: State) -> State:
    ctypes.string_at(0)
    return {}


def dies_once(state: State) -> State:
    if attempt() == 1:
        os._exit(7)
    return {"pids": [attempt()]}


def asks(state: State) -> State:
    return {"answer": interrupt("well?")}


def waits_for_file(state: State) -> State:
    """Runs until its file is there; tells its process first."""
    with Path(state["path"] + ".pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    while not Path(state["path"]).exists():
        time.sleep(0.02)  # the node's own work: a long computation
    return {"pids": [os.getpid()]}


def _note(path: str, line: str) -> None:
    with Path(path + ".steps").open("a") as file:
        file.write(f"{line}\n")


def first_step(state: State) -> State:
    _note(state["path"], "first")
    token("from inside")
    return {"pids": [1], "answer": "x" * 300_000}


def second_step(state: State) -> State:
    """Runs until its file is there."""
    _note(state["path"], "second")
    while not Path(state["path"]).exists():
        time.sleep(0.02)  # the node's own work: a long computation
    return {"pids": [2, len(state["answer"])]}


inner = StateGraph(State).add_node("first", first_step).add_node("second", second_step)
inner.add_edge(START, "first").add_edge("first", "second")
nested = inner.compile()


@task(cache_policy=CachePolicy())
def counted(path: str) -> str:
    _note(path, "task")
    return path


def nests(state: State) -> State:
    """A task and a graph in a node that runs elsewhere."""
    path = counted(state["path"]).result()
    once("effect", lambda: _note(path, "effect"))
    return {"pids": nested.invoke({"path": path})["pids"]}


around = _one("nests", nests)
speaks = _one("says", says)
speaks_later = _one("says-later", says_later)
blocks = _one("holds-the-gil", holds_the_gil)
late = _one("late", holds_the_gil, timeout=1.0)
crashes = _one("segfaults", segfaults)
tries_again = _one(
    "dies-once", dies_once, retry_policy=RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=2)
)
asking = _one("asks", asks)
long = _one("waits-for-file", waits_for_file)
