"""Workflows that print, log and remember, in threads, on the loop and in processes of their own."""

import logging
import os
from typing import TypedDict

from fastgraph import END, START, CompiledGraph, StateGraph, get_store

shop = logging.getLogger("shop.orders")

print("loading is no run's business")


class State(TypedDict, total=False):
    user: str
    visits: int


def visit(state: State) -> State:
    print("hello", state["user"])
    shop.info("pid %d", os.getpid())
    store = get_store()
    known = store.get(("visits",), state["user"])
    visits = known.value["n"] + 1 if known else 1
    store.put(("visits",), state["user"], {"n": visits})
    print("visit", visits, end="")
    return {"visits": visits}


async def visit_later(state: State) -> State:
    return visit(state)


def _one(name: str, node: object, executor: str) -> CompiledGraph:
    builder = StateGraph(State).add_node("visit", node, executor=executor)  # type: ignore[arg-type]
    return builder.add_edge(START, "visit").add_edge("visit", END).compile(name=name)


in_thread = _one("in-thread", visit, "thread")
on_loop = _one("on-loop", visit_later, "async")
in_process = _one("in-process", visit, "process")
