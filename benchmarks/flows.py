"""The workflows of the benchmarks, loaded by the real server like any user's."""

import operator
import time
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from fastgraph import END, START, CompiledGraph, StateGraph, get_stream_writer, interrupt

CHAIN = ("one", "two", "three", "four", "five")
PIECE = "x" * 1024
PACE_SECONDS = 0.1  # between the events of a paced talk


class Count(TypedDict):
    """What a chain carries: as little as a state can be, so that the engine is measured and not the encoding."""

    count: int


class Pieces(TypedDict):
    """A list that grows by 1 KB a step."""

    pieces: Annotated[list[str], operator.add]
    steps: int


class Talk(TypedDict):
    """How many events a talk has, and whether they come at a pace."""

    events: int
    is_paced: bool


def add_sync(state: Count) -> Count:
    return {"count": state["count"] + 1}


async def add_async(state: Count) -> Count:
    return {"count": state["count"] + 1}


def append(state: Pieces) -> Pieces:
    return {"pieces": [PIECE], "steps": state.get("steps", 0) + 1}


def is_long_enough(state: Pieces) -> str:
    return END if state["steps"] >= 1000 else "append"


def talk(state: Talk) -> Talk:
    interrupt("shall I begin?")  # the watchers come first
    write = get_stream_writer()
    for number in range(state["events"]):
        write({"number": number, "text": "t" * 100})
        if state["is_paced"]:
            time.sleep(PACE_SECONDS)
    return state


class Chatter(TypedDict):
    """How many events, how large each is, and how many come a second."""

    events: int
    event_bytes: int
    per_second: float


def chatter(state: Chatter) -> Chatter:
    interrupt("shall I begin?")  # the watchers come first
    write = get_stream_writer()
    text = "c" * state["event_bytes"]
    began = time.monotonic()
    for number in range(state["events"]):
        wait = began + number / state["per_second"] - time.monotonic()
        if wait > 0.01:  # some at once, so that waking up is not what is measured
            time.sleep(wait)
        write({"number": number, "text": text})
    return state


def _chain(node: Callable[[Count], Any], name: str) -> CompiledGraph:
    builder: StateGraph[Count, Any, Any, Any] = StateGraph(Count)
    for word in CHAIN:
        builder.add_node(word, node)
    for before, after in zip((START, *CHAIN), (*CHAIN, END), strict=True):
        builder.add_edge(before, after)
    return builder.compile(name=name)


chain_async = _chain(add_async, "chain-async")
chain_sync = _chain(add_sync, "chain-sync")

_grow: StateGraph[Pieces, Any, Any, Any] = StateGraph(Pieces)
_grow.add_node("append", append)
_grow.add_edge(START, "append")
_grow.add_conditional_edges("append", is_long_enough, ["append", END])
grow = _grow.compile(name="grow")

_talk: StateGraph[Talk, Any, Any, Any] = StateGraph(Talk)
_talk.add_node("talk", talk)
_talk.add_edge(START, "talk")
_talk.add_edge("talk", END)
talker = _talk.compile(name="talk")

_chatter: StateGraph[Chatter, Any, Any, Any] = StateGraph(Chatter)
_chatter.add_node("chatter", chatter)
_chatter.add_edge(START, "chatter")
_chatter.add_edge("chatter", END)
chattering = _chatter.compile(name="chatter")
