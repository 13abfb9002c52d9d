"""What does it cost to keep a thread in a SQLite file when each of 1,000 steps appends 1 KB, beside LangGraph's
AsyncSqliteSaver in the same process?

The graph is one async node and a conditional edge. The bytes are those of the file when the saver is closed; the
content alone is 1.0 MB. LangGraph keeps the whole state at each step, so it is measured at fewer steps, too, where
that costs it less.
"""

from __future__ import annotations

import asyncio
import operator
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, TypedDict

import langgraph.graph
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver as TheirSaver

import fastgraph.graph
from benchmarks.harness import Figures, Question
from fastgraph.checkpoint.sqlite.aio import AsyncSqliteSaver as OurSaver

__all__ = ["QUESTION"]

STEPS = 1000
FEW_STEPS = 100
PIECE = "x" * 1024


class Growing(TypedDict):
    pieces: Annotated[list[str], operator.add]
    steps: int


def measure(folder: Path) -> Figures:
    """Run the loop on both, at few steps and at many."""
    figures: dict[str, float] = {}
    for steps in (FEW_STEPS, STEPS):
        for name, library, saver in (
            ("ours", fastgraph.graph, OurSaver),
            ("LangGraph", langgraph.graph, TheirSaver),
        ):
            file = folder / f"{name}-{steps}.db"
            seconds = asyncio.run(_run(library, saver.from_conn_string(str(file)), steps))
            figures[f"{name}, {steps} steps, ms/step"] = seconds * 1000 / steps
            figures[f"{name}, {steps} steps, MB"] = file.stat().st_size / 1e6
    few, many = (
        figures[f"LangGraph, {steps} steps, ms/step"] / figures[f"ours, {steps} steps, ms/step"]
        for steps in (FEW_STEPS, STEPS)
    )
    return {**figures, f"times as quick, {FEW_STEPS} steps": few, f"times as quick, {STEPS} steps": many}


async def _run(library: Any, opened: AbstractAsyncContextManager[Any], steps: int) -> float:
    async def grow(state: Growing) -> dict[str, Any]:
        return {"pieces": [PIECE], "steps": state["steps"] + 1}

    builder = library.StateGraph(Growing)
    builder.add_node("grow", grow)
    builder.add_edge(library.START, "grow")
    builder.add_conditional_edges("grow", lambda state: "grow" if state["steps"] < steps else library.END)
    config = {"configurable": {"thread_id": "thread"}, "recursion_limit": steps + 10}
    async with opened as saver:
        await saver.setup()
        graph = builder.compile(checkpointer=saver)
        began = time.perf_counter()
        await graph.ainvoke({"pieces": [], "steps": 0}, config)
        return time.perf_counter() - began


QUESTION = Question(name="savers", measure=measure)
