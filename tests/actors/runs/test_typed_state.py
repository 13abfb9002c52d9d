"""What a state's schema promises is what a node gets: in the next step, and in another process after a restart."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import operator
import pathlib
import uuid
import zoneinfo
from typing import Annotated, Any, NamedTuple, TypedDict

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict

from fastgraph import END, START, CompiledGraph, StateGraph, interrupt, register_type
from fastgraph.state.sameness import is_same
from support.boots import House

pytestmark = pytest.mark.anyio


class Colour(enum.Enum):
    RED = "red"
    DEEP = 7


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Place:
    name: str
    at: dt.time
    tags: set[str] = dataclasses.field(default_factory=set)


class Pair(NamedTuple):
    number: int
    colour: Colour


class Order(BaseModel):
    id: uuid.UUID
    price: decimal.Decimal
    when: dt.datetime
    places: list[Place] = []
    colour: Colour = Colour.RED


class Weight:
    """A class of the program's own."""

    def __init__(self, grams: int) -> None:
        self.grams = grams

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weight) and other.grams == self.grams

    __hash__ = None  # type: ignore[assignment] # it can change


register_type(Weight, encode=lambda weight: weight.grams, decode=Weight, tag="tests.weight")

MOMENT = dt.datetime(2024, 10, 27, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1)
ORDER = Order(
    id=uuid.UUID(int=5),
    price=decimal.Decimal("1.10"),
    when=dt.datetime(2024, 1, 2, 3, 4, 5, 6, dt.UTC),
    places=[Place("x", dt.time(1, 2), {"a", "b"})],
    colour=Colour.DEEP,
)
VALUES: dict[str, Any] = {
    "moment": MOMENT,
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(23, 59, 59, 999_999),
    "span": dt.timedelta(days=-1, microseconds=1),
    "id": uuid.UUID(int=2**127),
    "price": decimal.Decimal("0.10"),
    "raw": b"\x00\xff",
    "some": {1, 2, 3},
    "fixed": frozenset({("a", 1)}),
    "point": (1, "x", 2.5),
    "colour": Colour.DEEP,
    "level": Level.HIGH,
    "pair": Pair(1, Colour.RED),
    "order": ORDER,
    "orders": {"first": [ORDER]},
    "places": [Place("y", dt.time(0))],
    "folder": pathlib.Path("/tmp/x"),
    "number": 1 + 2j,
    "array": np.arange(6, dtype="<i4").reshape(2, 3),
    "frame": pd.DataFrame({"n": [1, 2], "s": ["a", None]}, index=pd.Index(["x", "y"], name="row")),
    "weight": [Weight(5)],
    "anything": {"deep": [np.float32(0.5), {MOMENT}, Colour.RED, (ORDER.id,)]},
}


class Typed(TypedDict, total=False):
    moment: dt.datetime
    day: dt.date
    hour: dt.time
    span: dt.timedelta
    id: uuid.UUID
    price: decimal.Decimal
    raw: bytes
    some: set[int]
    fixed: frozenset[tuple[str, int]]
    point: tuple[int, str, float]
    colour: Colour
    level: Level
    pair: Pair
    order: Order
    orders: dict[str, list[Order]]
    places: Annotated[list[Place], operator.add]
    folder: pathlib.Path
    number: complex
    array: np.ndarray[Any, Any]
    frame: pd.DataFrame
    weight: list[Weight]
    anything: Any
    seen: list[str]


class Modelled(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    moment: dt.datetime | None = None
    price: decimal.Decimal | None = None
    order: Order | None = None
    places: list[Place] = []
    array: np.ndarray[Any, Any] | None = None
    frame: pd.DataFrame | None = None
    some: set[int] = set()
    seen: list[str] = []


@dataclasses.dataclass
class Fields:
    moment: dt.datetime | None = None
    order: Order | None = None
    colour: Colour | None = None
    pair: Pair | None = None
    weight: list[Weight] = dataclasses.field(default_factory=list)
    fixed: frozenset[tuple[str, int]] = frozenset()
    seen: list[str] = dataclasses.field(default_factory=list)


def _names(schema: Any) -> list[str]:
    return [name for name in schema.__annotations__ if name != "seen"]


def workflow(schema: Any) -> CompiledGraph:
    names = _names(schema)

    def fill(state: Any) -> dict[str, Any]:
        return {name: VALUES[name] for name in names}

    def wait(state: Any) -> dict[str, Any]:
        interrupt("go on?")
        return {}

    def compare(state: Any) -> dict[str, Any]:
        found = state if isinstance(state, dict) else {name: getattr(state, name) for name in names}
        assert type(state) is (dict if schema is Typed else schema)
        return {"seen": [name for name in names if not is_same(found[name], VALUES[name])]}

    graph = StateGraph(schema)
    for name, node in {"fill": fill, "wait": wait, "compare": compare}.items():
        graph.add_node(name, node)
    graph.add_edge(START, "fill")
    graph.add_edge("fill", "wait")
    graph.add_edge("wait", "compare")
    graph.add_edge("compare", END)
    return graph.compile(name="typed")


@pytest.mark.parametrize("schema", [Typed, Modelled, Fields])
async def test_typed_values_are_themselves_after_a_restart(any_house: House, schema: Any) -> None:
    first = await any_house.boot(workflow(schema))
    run_id = await any_house.accept("typed")
    await any_house.reaches(run_id, "interrupted")
    await first.die()
    await any_house.free_dead(first)
    await any_house.boot(workflow(schema))
    await any_house.resume(run_id, "yes")
    ended = await any_house.ended(run_id)
    assert ended.status == "completed", ended
    assert (await any_house.values(run_id))["seen"] == []


@pytest.mark.parametrize("schema", [Typed, Modelled, Fields])
def test_typed_values_are_themselves_in_process(schema: Any) -> None:
    names = _names(schema)
    graph = StateGraph(schema)
    graph.add_node("fill", lambda state: {name: VALUES[name] for name in names})
    graph.add_edge(START, "fill")
    graph.add_edge("fill", END)
    found = graph.compile().invoke({})
    assert [name for name in names if not is_same(found[name], VALUES[name])] == []


class Unknown:
    pass


async def test_a_value_that_can_not_be_stored_fails_its_step_by_key_and_type(house: House) -> None:
    def fill(state: Typed) -> Typed:
        return {"day": dt.date(2024, 1, 1), "anything": {"list": [1, Unknown()]}}

    graph = StateGraph(Typed)
    graph.add_node("fill", fill)
    graph.add_edge(START, "fill")
    graph.add_edge("fill", END)
    await house.boot(graph.compile(name="typed"))
    run_id = await house.accept("typed")
    ended = await house.ended(run_id)
    assert ended.status == "failed"
    [failed] = [event for event in await house.events(run_id) if event["event"] == "node_failed"]
    assert failed["node"] == "fill"
    assert failed["data"]["error"]["type"] == "UnstorableValueError"
    assert "key 'anything', key 'list', item 1" in failed["data"]["error"]["message"]
    assert "Unknown" in failed["data"]["error"]["message"]
