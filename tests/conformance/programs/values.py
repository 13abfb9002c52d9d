"""What values of every type become: over steps, over a saver, in chunks and states."""

import operator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple, TypedDict
from uuid import UUID

from pydantic import BaseModel

from conformance.calls import answer, start
from conformance.parts import THREAD, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Color(Enum):
    RED = "red"


class Point(BaseModel):
    x: int
    y: int = 0


@dataclass
class Line:
    ends: list[Point] = field(default_factory=list)
    name: str = "line"


class Pair(NamedTuple):
    left: int
    right: str


class Anything(TypedDict, total=False):
    value: Any
    kinds: Annotated[list[str], operator.add]


class Typed(TypedDict, total=False):
    at: datetime
    day: date
    span: timedelta
    id: UUID
    price: Decimal
    raw: bytes
    tags: set[str]
    both: tuple[int, str]
    color: Color
    point: Point
    line: Line
    table: dict[str, Point]
    kinds: Annotated[list[str], operator.add]


TYPED = {
    "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "day": date(2026, 1, 2),
    "span": timedelta(seconds=90),
    "id": UUID(int=7),
    "price": Decimal("1.20"),
    "raw": b"\x00\xff",
    "tags": {"a", "b"},
    "both": (1, "one"),
    "color": Color.RED,
    "point": Point(x=1),
    "line": Line([Point(x=2)], "l"),
    "table": {"p": Point(x=3)},
    "kinds": [],
}


def kinds_of(state: Any) -> dict[str, Any]:
    return {
        "kinds": [
            f"{key} {type(state[key]).__name__} {state[key]!r:.60}" for key in sorted(state) if key != "kinds"
        ]
    }


@script("1.1 schema", "1.10 get state")
def typed_values_keep_their_types_over_a_question(lg):
    def ask(state: Typed):
        lg.types.interrupt("look?")
        told = kinds_of(state)
        told["kinds"] = [line for line in told["kinds"] if not line.startswith("tags")]
        return told

    graph = chain(lg, Typed, ask).compile(checkpointer=saver(lg))
    graph.invoke(TYPED, THREAD)
    return [graph.invoke(lg.types.Command(resume=1), THREAD), graph.get_state(THREAD).values]


@script("1.1 schema", "1.4 send")
def typed_values_are_sent_as_they_are(lg):
    def w(given):
        return {"kinds": [f"{type(given).__name__} {given}"]}

    builder = wire(lg, Typed, {"w": w}, "w END")
    things = [Point(x=4), Color.RED, (1, 2), None, [Point(x=5)], "text"]
    builder.add_conditional_edges(
        lg.graph.START, lambda state: [lg.types.Send("w", thing) for thing in things]
    )
    return builder.compile(checkpointer=saver(lg)).invoke({"kinds": []}, THREAD)


@flow(
    "1.1 schema",
    calls=[
        start({"value": value, "kinds": []})
        for value in (2**60, 1.5, True, None, "", "ü€😀", [[], {}], {"a": {}})
    ],
)
def plain_values_stay_what_they_are(lg):
    return wire(lg, Anything, {"look": kinds_of}, "START look")


@script("1.1 schema", "1.1 node return")
def odd_values_in_an_untyped_key(lg):
    def look(state: Anything):
        return kinds_of(state)

    graph = chain(lg, Anything, look).compile()
    things = [
        float("inf"),
        -0.0,
        (1, (2,)),
        b"x",
        frozenset({1}),
        {1: "one", (1, 2): "two"},
    ]
    return [graph.invoke({"value": thing}) for thing in things]


@script("1.1 schema", "1.4 send")
def a_named_tuple_in_an_untyped_key(lg):
    return chain(lg, Anything, kinds_of).compile().invoke({"value": Pair(1, "x")})


@script("1.1 schema")
def objects_of_any_class_without_a_saver(lg):
    class Thing:
        def __init__(self) -> None:
            self.count = 1

    def look(state: Anything):
        return {"kinds": [type(state["value"]).__name__, str(state["value"].count)]}

    graph = chain(lg, Anything, look).compile()
    return graph.invoke({"value": Thing()})["kinds"]


@script("1.1 schema")
def a_function_in_the_state_without_a_saver(lg):
    def look(state: Anything):
        return {"kinds": [str(state["value"](20))]}

    return chain(lg, Anything, look).compile().invoke({"value": lambda number: number + 1})["kinds"]


@flow("1.1 node input", "1.3 together", calls=[start({"value": [1], "kinds": []})])
def a_list_that_is_changed_in_place_and_not_returned(lg):
    def spoil(state: Anything):
        state["value"].append(2)
        return {"kinds": ["spoiled"]}

    def look(state: Anything):
        return {"kinds": [str(state["value"])]}

    return chain(lg, Anything, spoil, look)


@flow("1.1 node input", calls=[start({"value": [1], "kinds": []})])
def a_list_that_is_changed_in_place_and_returned(lg):
    def grow(state: Anything):
        state["value"].append(2)
        return {"value": state["value"]}

    def look(state: Anything):
        return {"kinds": [str(state["value"])]}

    return chain(lg, Anything, grow, look)


@script("1.1 pydantic", "1.10 get state")
def nested_models_stay_models(lg):
    class Drawing(BaseModel):
        points: Annotated[list[Point], operator.add] = []
        first: Point | None = None

    def add(state: Drawing):
        return {"points": [Point(x=len(state.points))], "first": state.points[0] if state.points else None}

    graph = chain(lg, Drawing, add).compile(checkpointer=saver(lg))
    seen = [graph.invoke({"points": [{"x": 9}]}, THREAD), graph.invoke({}, THREAD)]
    return [*seen, graph.get_state(THREAD).values]


@script("1.1 pydantic", "1.1 node return")
def a_models_field_as_a_dict_of_a_node(lg):
    class Drawing(BaseModel):
        point: Point | None = None
        seen: str = ""

    def give(state: Drawing):
        return {"point": {"x": "5"}}

    def look(state: Drawing):
        return {"seen": repr(state.point)}

    return chain(lg, Drawing, give, look).compile().invoke({})


@flow("1.6 interrupt", "1.1 schema", calls=[start({"kinds": []}), answer({"deep": [1, {"k": None}]})])
def questions_of_any_shape(lg):
    def ask(state: Anything):
        given = lg.types.interrupt({"text": "pick", "options": [1, 2], "more": {"a": None}})
        return {"value": given, "kinds": [type(given).__name__]}

    return chain(lg, Anything, ask)


@script("1.6 interrupt", "1.1 schema")
def a_question_that_is_a_model(lg):
    class Asking(TypedDict, total=False):
        about: Point
        kinds: Annotated[list[str], operator.add]

    def ask(state: Asking):
        return {"kinds": [repr(lg.types.interrupt(Point(x=1)))]}

    graph = chain(lg, Asking, ask).compile(checkpointer=saver(lg))
    seen = [graph.invoke({}, THREAD)["__interrupt__"][0].value]
    return [*seen, graph.invoke(lg.types.Command(resume=Point(x=2)), THREAD)]


@script("1.2 last value", "1.10 get state")
def a_key_that_is_none_and_one_that_is_absent(lg):
    def look(state: Anything):
        return {"value": None}

    graph = chain(lg, Anything, look).compile(checkpointer=saver(lg))
    return [graph.invoke({}, THREAD), graph.get_state(THREAD).values, graph.get_state(THREAD).tasks]
