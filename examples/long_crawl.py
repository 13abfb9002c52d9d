"""long-crawl: 200 short steps over the shipped texts, made to be killed: it goes on where it was.

    crawl ⟲ until all windows are read → publish

Each step reads a window of words and adds what is new in it to an index that only grows.
"""

import json
import operator
import threading
from typing import Annotated, Any, TypedDict

from fastgraph_example_texts import NAMES, read_text, words_of
from pydantic import Field

from fastgraph import END, START, StateGraph, log, progress, save_artifact

STEPS = 200
PAUSE_SECONDS = 0.05
WINDOW_WORDS = 40


class Entry(TypedDict):
    step: int
    text: str
    first_word: int
    new_words: list[str]


class Input(TypedDict, total=False):
    """How far and how fast to go."""

    steps: Annotated[
        int, Field(ge=1, le=10_000, description="How many steps", json_schema_extra={"default": STEPS})
    ]
    pause_seconds: Annotated[
        float,
        Field(ge=0, le=10, description="Pause in each step", json_schema_extra={"default": PAUSE_SECONDS}),
    ]


class State(TypedDict, total=False):
    steps: int
    pause_seconds: float
    done: int
    index: Annotated[list[Entry], operator.add]
    artifact: str


def crawl(state: State) -> dict[str, Any]:
    """Read the next window and index the words that were not seen before."""
    done, steps = state.get("done", 0), state.get("steps", STEPS)
    name = NAMES[done % len(NAMES)]
    words = words_of(read_text(name))
    start = (done // len(NAMES) * WINDOW_WORDS) % max(1, len(words) - WINDOW_WORDS)
    seen = {word for entry in state.get("index", []) for word in entry["new_words"]}
    new = sorted(set(words[start : start + WINDOW_WORDS]) - seen)
    threading.Event().wait(state.get("pause_seconds", PAUSE_SECONDS))
    progress(done + 1, steps, label=name)
    if (done + 1) % 20 == 0:
        log(f"step {done + 1} of {steps}: {len(seen) + len(new)} words known", step=done + 1)
    return {
        "done": done + 1,
        "index": [{"step": done + 1, "text": name, "first_word": start, "new_words": new}],
    }


def goes_on(state: State) -> str:
    return "crawl" if state["done"] < state.get("steps", STEPS) else "publish"


def publish(state: State) -> dict[str, Any]:
    """Keep the index: each word with the step that found it."""
    found = {word: entry["step"] for entry in state["index"] for word in entry["new_words"]}
    content = json.dumps(dict(sorted(found.items())), indent=1)
    return {"artifact": save_artifact("index.json", content, "application/json")}


builder = StateGraph(State, input_schema=Input)
builder.add_node(crawl)
builder.add_node(publish)
builder.add_edge(START, "crawl")
builder.add_conditional_edges("crawl", goes_on, ["crawl", "publish"])
builder.add_edge("publish", END)
graph = builder.compile(
    name="long-crawl", description="200 short steps, made to be killed: it goes on where it was."
)
