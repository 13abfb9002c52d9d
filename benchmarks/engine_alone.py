"""The engine without a store, beside LangGraph without a checkpointer: the same programs, in the same process, in turn.

A loop of 1,000 steps with a conditional edge, a chain of 1,000 nodes, 1,000 Sends in one step, and building and compiling
a graph of 1,000 nodes. The best of a few rounds each: what is asked is how much work it is, not how busy the machine was.
"""

from __future__ import annotations

import importlib
import operator
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

from benchmarks.harness import Figures, Question

__all__ = ["QUESTION"]

SIZE = 1_000
ROUNDS = 5
PEER = "langgraph"
OURS = "fastgraph"


class State(TypedDict):
    count: int
    log: Annotated[list[int], operator.add]


def measure(_: Path) -> Figures:
    """Return milliseconds by library and program, and how many times quicker ours is."""
    programs: dict[str, dict[str, Callable[[], object]]] = {
        library: {
            f"loop of {SIZE} steps": _loop(library),
            f"chain of {SIZE} nodes": _chain_run(library),
            f"{SIZE} Sends": _sends(library),
            f"compile {SIZE} nodes": lambda library=library: _chain(library).compile(),
        }
        for library in (PEER, OURS)
    }
    best: dict[tuple[str, str], float] = {}
    for _round in range(ROUNDS):
        for library, named in programs.items():
            for name, program in named.items():
                began = time.perf_counter()
                program()
                seconds = time.perf_counter() - began
                best[library, name] = min(seconds, best.get((library, name), seconds))
    figures: dict[str, float] = {}
    for name in programs[OURS]:
        figures[f"{name}, {OURS}, ms"] = best[OURS, name] * 1000
        figures[f"{name}, {PEER}, ms"] = best[PEER, name] * 1000
        figures[f"{name}, times quicker"] = best[PEER, name] / best[OURS, name]
    return figures


def _graph(library: str) -> Any:
    return importlib.import_module(f"{library}.graph")


def _step(state: State) -> dict[str, int]:
    return {"count": state["count"] + 1}


def _loop(library: str) -> Callable[[], object]:
    graph = _graph(library)
    builder = graph.StateGraph(State)
    builder.add_node("step", _step)
    builder.add_edge(graph.START, "step")
    builder.add_conditional_edges("step", lambda state: "step" if state["count"] < SIZE else graph.END)
    return _call(builder.compile())


def _chain(library: str) -> Any:
    graph = _graph(library)
    builder = graph.StateGraph(State)
    previous = graph.START
    for number in range(SIZE):
        builder.add_node(f"node{number}", _step)
        builder.add_edge(previous, f"node{number}")
        previous = f"node{number}"
    return builder


def _chain_run(library: str) -> Callable[[], object]:
    return _call(_chain(library).compile())


def _sends(library: str) -> Callable[[], object]:
    graph = _graph(library)
    send = importlib.import_module(f"{library}.types").Send
    builder = graph.StateGraph(State)
    builder.add_node("fan", lambda _state: {})
    builder.add_node("work", lambda item: {"log": [item["number"]]})
    builder.add_edge(graph.START, "fan")
    builder.add_conditional_edges("fan", lambda _state: [send("work", {"number": n}) for n in range(SIZE)])
    return _call(builder.compile())


def _call(compiled: Any) -> Callable[[], object]:
    return lambda: compiled.invoke({"count": 0, "log": []}, {"recursion_limit": 2 * SIZE})


QUESTION = Question(name="engine_alone", measure=measure)
