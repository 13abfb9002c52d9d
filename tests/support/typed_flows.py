"""A workflow whose state is typed, and whose middle node waits so that its host can be killed there."""

import dataclasses
import datetime as dt
import decimal
import enum
import logging
import pathlib
import time
import uuid
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from pydantic import BaseModel

from fastgraph import END, START, StateGraph, register_type
from fastgraph.state.sameness import is_same

log = logging.getLogger("typed")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Place:
    name: str
    at: dt.time


class Order(BaseModel):
    id: uuid.UUID
    price: decimal.Decimal
    places: list[Place]


class Plain:
    def __init__(self, size: int) -> None:
        self.size = size


class Weight:
    __slots__ = ("grams",)

    def __init__(self, grams: int) -> None:
        self.grams = grams


register_type(
    Weight,
    encode=lambda weight: weight.grams,
    decode=Weight,
    tag="weight",
    is_same=lambda one, other: one.grams == other.grams,
)

VALUES: dict[str, Any] = {
    "moment": dt.datetime(2024, 1, 2, 3, 4, 5, 6, dt.UTC),
    "span": dt.timedelta(days=-1, microseconds=1),
    "raw": b"\x00\xff",
    "some": {("a", 1), ("b", 2)},
    "colour": Colour.RED,
    "orders": {"x": [Order(id=uuid.UUID(int=5), price="1.10", places=[Place("y", dt.time(1))])]},
    "folder": pathlib.Path("x"),
    "plain": [Plain(3)],
    "array": np.arange(6, dtype="<i4").reshape(2, 3),
    "frame": pd.DataFrame({"n": [1, 2], "s": ["a", None]}, index=pd.Index(["x", "y"], name="row")),
    "weight": Weight(5),
}


class State(TypedDict, total=False):
    folder_of_test: str
    moment: dt.datetime
    span: dt.timedelta
    raw: bytes
    some: set[tuple[str, int]]
    colour: Colour
    orders: dict[str, list[Order]]
    folder: pathlib.Path
    plain: list[Plain]
    array: np.ndarray[Any, Any]
    frame: pd.DataFrame
    weight: Weight
    wrong: list[str]


def fill(state: State) -> dict[str, Any]:
    print("filled")
    return VALUES


def hold(state: State) -> State:
    """Say that it is here, and go on when it is told to."""
    folder = pathlib.Path(state["folder_of_test"])
    log.info("holding")
    (folder / "here").write_text("")
    while not (folder / "go").exists():
        time.sleep(0.02)
    return {}


def compare(state: State) -> State:
    print("compared")
    return {"wrong": [name for name, value in VALUES.items() if not is_same(state[name], value)]}  # type: ignore[literal-required]


builder = StateGraph(State)
builder.add_sequence([fill, hold, compare])
builder.add_edge(START, "fill")
builder.add_edge("compare", END)
graph = builder.compile(name="typed")
