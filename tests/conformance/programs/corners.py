"""Corners: shapes of states and inputs that programs have although no manual names them."""

import operator
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from conformance.calls import answer, proceed, start
from conformance.parts import EMPTY, THREAD, FlawError, Trail, asks, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire

T = TypeVar("T")


class Base(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]


class More(Base):
    extra: str


class Boxed(TypedDict, Generic[T]):
    trail: Annotated[list[Any], operator.add]
    box: T


@flow("1.1 schema", calls=[start({"trail": [], "extra": "e"})])
def a_schema_that_inherits(lg):
    def look(state: More):
        return {"trail": [sorted(state)], "extra": "new"}

    return chain(lg, More, look)


@script("1.1 schema")
def a_generic_schema(lg):
    def look(state: Boxed[int]):
        return {"trail": [state["box"]], "box": 2}

    graph = chain(lg, Boxed[int], look).compile(checkpointer=saver(lg))
    return [graph.invoke({"trail": [], "box": 1}, THREAD), graph.get_state(THREAD).values]


class Wrapped(TypedDict, total=False):
    maybe: Annotated[Optional[list[int]], lambda left, right: (left or []) + (right or [])]  # noqa: UP045 - spelled so by many
    word: Literal["a", "b"]
    inner: Annotated[list[Annotated[int, "note"]], operator.add]


@flow(
    "1.1 reducer",
    "1.1 reducer start",
    calls=[start({"maybe": [1], "inner": [1]}), start({"maybe": None, "word": "b"})],
)
def reducers_of_wrapped_types(lg):
    def look(state: Wrapped):
        return {"maybe": [2], "inner": [2], "word": "a"}

    return chain(lg, Wrapped, look)


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    count: int = Field(default=1, alias="theCount")
    items: list[str] = Field(default_factory=list)

    @field_validator("items")
    @classmethod
    def upper(cls, value: list[str]) -> list[str]:
        return [item.upper() for item in value]


@flow("1.1 pydantic", calls=[start({"count": 2, "items": ["a"]})])
def a_model_with_validators(lg):
    def look(state: Aliased):
        return {"items": [*state.items, "b"], "count": state.count + 1}

    return chain(lg, Aliased, look)


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str = "w"


@flow("1.1 pydantic", calls=[start({"word": "x", "unknown": 1})])
def a_model_that_forbids_extras(lg):
    def look(state: Forbidding):
        return {"word": state.word + "!"}

    return chain(lg, Forbidding, look)


@dataclass
class Counted:
    trail: Annotated[list[Any], operator.add] = field(default_factory=list)
    count: int = 0


@script("1.1 schema", "1.1 input output")
def instances_as_input(lg):
    def look(state: Counted):
        return {"trail": [type(state).__name__], "count": state.count + 1}

    def see(state: Aliased):
        return {"count": state.count + 1}

    first, second = chain(lg, Counted, look).compile(), chain(lg, Aliased, see).compile()
    return [first.invoke(Counted(trail=["x"], count=3)), second.invoke(Aliased(count=5))]


@script("1.1 input output", "1.9 several")
def output_models_in_version_two(lg):
    class Out(BaseModel):
        count: int

    def look(state: Counted):
        return {"count": state.count + 1}

    graph = chain(lg, Counted, look, output_schema=Out).compile()
    return [graph.invoke({"count": 1}), graph.invoke({"count": 1}, version="v2").value]


@flow("1.3 together", "1.6 interrupt", calls=[EMPTY, proceed(), answer("yes")], remembers=True)
def a_question_before_a_failure(lg):
    tries: list[int] = []

    def bad(state):
        tries.append(1)
        if len(tries) == 1:
            raise FlawError("once")
        return {"trail": ["good"]}

    return wire(lg, Trail, {"ask": asks(lg, "ok?"), "bad": bad}, "START ask bad")
