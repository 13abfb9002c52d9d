"""A dataflow graph and one with channels for a real host: a long branch beside a slow node, and a ledger of its tasks.

The slow node waits for a file that the test makes, so that the test decides when it ends.
"""

import operator
import os
import threading
from pathlib import Path
from typing import Annotated, Any, TypedDict

from fastgraph import START, StateGraph
from fastgraph.channels import EphemeralValue, Topic

STEPS = 6


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    gate: str


class Channels(State, total=False):
    notes: Annotated[list[str], Topic(str, accumulate=True)]
    once: Annotated[str, EphemeralValue]


def note(word: str) -> None:
    """Add a line to the ledger, in one write."""
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{word}\n".encode())
    finally:
        os.close(descriptor)


def wait_for(path: str) -> None:
    while not Path(path).exists():
        threading.Event().wait(0.02)


def slow(state: State) -> dict[str, Any]:
    wait_for(state["gate"])
    return {"log": ["slow"]}


def quick(number: int) -> Any:
    def node(state: State) -> dict[str, Any]:
        note(f"quick{number}")
        return {"log": [f"quick{number}"]}

    return node


builder = StateGraph(State)
builder.add_node(slow)
builder.add_edge(START, "slow")
builder.add_sequence([(f"quick{number}", quick(number)) for number in range(STEPS)])
builder.add_edge(START, "quick0")
builder.add_node("end", lambda state: {"log": ["end"]})
builder.add_edge("slow", "end")
builder.add_edge(f"quick{STEPS - 1}", "end")
wide = builder.compile(name="wide", dataflow=True)


def ask(state: Channels) -> dict[str, Any]:
    return {"once": "question", "notes": "asked"}


def answer(state: Channels) -> dict[str, Any]:
    wait_for(state["gate"])
    return {"log": [state["once"]], "notes": ["answered"]}


def look(state: Channels) -> dict[str, Any]:
    return {"log": [f"once is there: {'once' in state}"]}


channels_builder = StateGraph(Channels)
channels_builder.add_sequence([ask, answer, look])
channels_builder.add_edge(START, "ask")
channels = channels_builder.compile(name="channels")
