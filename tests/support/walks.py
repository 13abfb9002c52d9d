"""Walks for tests in which the store is in trouble: runs of a few steps in this process, and what they really executed.

A step notes itself outside of the store before it returns, so a step that was executed twice is seen. `poll` does what the
timekeeper does: it lets every boot look for work, again and again.
"""

from __future__ import annotations

import asyncio
import operator
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from typing import Annotated, Any, TypedDict

from sqlalchemy.exc import SQLAlchemyError

from fastgraph import END, START, StateGraph, get_config
from fastgraph.database.runs import RunView
from fastgraph.errors import StoreUnavailableError
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.status import ENDED
from support.boots import House
from support.waiting import until_async

POLL_SECONDS = 0.2
WITHIN_SECONDS = 90.0


class State(TypedDict, total=False):
    steps: int
    done: int
    seen: Annotated[list[int], operator.add]


class Walk:
    """The workflow `walk`, and how often each step of each run was executed."""

    def __init__(self, *, pause_seconds: float = 0.05) -> None:
        self.executed: Counter[tuple[str, int]] = Counter()
        self._pause_seconds = pause_seconds
        self.graph = self._build()

    def _build(self) -> CompiledGraph:
        builder: Any = StateGraph(State)
        builder.add_node("step", self._step)
        builder.add_edge(START, "step")
        builder.add_conditional_edges("step", _more, ["step", END])
        graph: CompiledGraph = builder.compile(name="walk")
        return graph

    def _step(self, state: State) -> dict[str, Any]:
        number = state.get("done", 0) + 1
        self.executed[get_config()["configurable"]["run_id"], number] += 1
        threading.Event().wait(self._pause_seconds)
        return {"done": number, "seen": [number]}

    def most_executed(self) -> int:
        return max(self.executed.values())


def _more(state: State) -> str:
    return "step" if state["done"] < state["steps"] else END


@contextmanager
def polling(house: House) -> Any:
    """Let every boot look for work as the timekeeper does."""
    loop = asyncio.get_running_loop()
    is_over = False

    def poll() -> None:
        if not is_over:
            house.hint()
            loop.call_later(POLL_SECONDS, poll)

    poll()
    try:
        yield
    finally:
        is_over = True


async def patiently(work: Callable[[], Awaitable[Any]]) -> Any:
    """Do something again until the store takes it, as a client would."""

    async def look() -> tuple[Any] | None:
        try:
            return (await work(),)
        except (StoreUnavailableError, SQLAlchemyError):
            return None

    return (await until_async(look, within_seconds=WITHIN_SECONDS, every_seconds=0.1, what="the store"))[0]


async def completed(house: House, run_ids: list[str], steps: int) -> list[RunView]:
    """Wait until all runs have ended, and assert that each has done all its steps, in order, with no hole in its events."""

    async def look() -> list[RunView] | None:
        try:
            seen = [await house.run(run_id) for run_id in run_ids]
        except SQLAlchemyError:
            return None
        return seen if all(run.status in ENDED for run in seen) else None

    runs = await until_async(
        look, within_seconds=WITHIN_SECONDS, every_seconds=0.1, what="the end of all runs"
    )
    assert {str(run.status) for run in runs} == {"completed"}, runs
    for run_id in run_ids:
        assert (await house.values(run_id))["seen"] == list(range(1, steps + 1))
        await house.events(run_id)
    return runs
