"""survey: a run that starts one child run for each town, waits for all of them, and sums up.

    plan → measure (one task a town, each waits for its child) → sum_up

Each child is a run of its own, with a page, events and retries of its own; while it works the parent costs nothing.

    fastgraph serve examples/survey.py
    fastgraph run survey --input '{"towns": ["Ulm", "Jena"]}' --follow
"""

import operator
from typing import Annotated, Any, TypedDict

from fastgraph import END, START, Send, StateGraph, run_workflow, sleep


class Town(TypedDict, total=False):
    town: str
    letters: int


def measure_town(state: Town) -> dict[str, Any]:
    """The work of one town; it takes its time, without a thread."""
    sleep(0.2)
    return {"letters": len(state["town"])}


town_builder = StateGraph(Town)
town_builder.add_node(measure_town)
town_builder.add_edge(START, "measure_town")
town_builder.add_edge("measure_town", END)
town = town_builder.compile(name="measure-town")


class Survey(TypedDict, total=False):
    towns: list[str]
    measured: Annotated[list[tuple[str, int]], operator.add]
    total: int


def plan(state: Survey) -> list[Send]:
    return [Send("measure", {"town": name}) for name in state.get("towns") or ["Ulm", "Jena", "Trier"]]


def measure(state: Town) -> dict[str, Any]:
    """Wait for the town's own run; its result is that run's result. If this run is cancelled, so is the child."""
    result = run_workflow(town, {"town": state["town"]}, name=f"measure {state['town']}")
    return {"measured": [(state["town"], result["letters"])]}


def sum_up(state: Survey) -> dict[str, Any]:
    return {"total": sum(letters for _, letters in state["measured"])}


builder = StateGraph(Survey)
builder.add_node(measure)
builder.add_node(sum_up)
builder.add_conditional_edges(START, plan, ["measure"])
builder.add_edge("measure", "sum_up")
builder.add_edge("sum_up", END)
graph = builder.compile(name="survey")
