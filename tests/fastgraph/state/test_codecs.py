"""Codecs: typed values come back as real objects, plain ones are never judged, and loss is refused by name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import pathlib
import typing
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import pytest
import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, computed_field

from fastgraph.errors import UnstorableValueError
from fastgraph.state.codecs import TypedCodec, is_plain_type, make_codec
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.sameness import is_same
from fastgraph.state.values import PlainCodec


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Document(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = Field(default="", alias="Name", validation_alias="title")
    when: dt.datetime | None = None
    tags: set[int] = set()
    colour: Colour = Colour.RED
    size: int = 0
    score: float = 0.0
    place: pathlib.Path = pathlib.Path()
    link: HttpUrl | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shout(self) -> str:
        return self.name.upper()


class LongDocument(Document):
    pages: int = 1


class Shelf(BaseModel):
    first: Document


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    inner: Point | None = None


class LabelledPoint(Point):
    """Carries what is no field of it."""

    def __init__(self, x: int, label: str) -> None:
        super().__init__(x)
        object.__setattr__(self, "label", label)


class Pair(NamedTuple):
    number: int
    colour: Colour


class Typed(typing.TypedDict):
    document: typing.Required[Document]
    note: str


class Lenient(typing.TypedDict):
    a: typing.NotRequired[int]


class LenientToo(typing_extensions.TypedDict):
    a: typing_extensions.ReadOnly[list[str]]


class Recursive(typing.TypedDict):
    colour: Colour
    children: list[Recursive]


class Unknown:
    """A class that neither Pydantic nor a registry knows, and that is more than its attributes."""

    __slots__ = ("hidden",)


DOCUMENT = Document(
    title="a",
    when=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    tags={1, 2},
    size=2**80,
    score=float("inf"),
    extra=(1,),
)


@pytest.mark.parametrize(
    "declared",
    [
        Any, str, int | None, list, dict[str, Any], list[dict[str, tuple[int, ...]]], Sequence[str], Literal["a", 1],
        Annotated[list[bytes], "metadata"], dt.datetime, set[frozenset[str]], typing.Optional[dict[int, float]],  # noqa: UP045
        Lenient, LenientToo,
        typing.NewType("Id", str), object, "Forward",
    ],
)  # fmt: skip
def test_plain_annotations_are_never_validated(declared: Any) -> None:
    assert is_plain_type(declared)
    codec = make_codec("key 'k'", declared)
    assert isinstance(codec, PlainCodec)
    assert codec.decode(codec.encode({"anything": (1,)})) == {"anything": (1,)}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Document, DOCUMENT),
        (Document | None, None),
        (list[Document], [DOCUMENT, Document()]),
        (dict[str, Document], {"a": DOCUMENT}),
        (dict[int, Document], {1: DOCUMENT}),
        (tuple[Document, ...], (DOCUMENT,)),
        (list[Document | LongDocument], [LongDocument(title="b"), DOCUMENT]),
        (Colour, Colour.RED),
        (Level, Level.HIGH),
        (dict[Colour, int], {Colour.RED: 1}),
        (str | Colour, Colour.RED),
        (str | Colour, "red"),
        (Point, Point(1, Point(2))),
        (Pair, Pair(1, Colour.RED)),
        (list[Pair], [Pair(1, Colour.RED)]),
        (Typed, {"document": DOCUMENT}),
        (Typed, {"document": DOCUMENT, "note": "n", "undeclared": 1}),
        (Typed, {"note": "without what is required"}),
        (Recursive, {"colour": Colour.RED, "children": [{"colour": Colour.RED, "children": []}]}),
        (Annotated[list[Document], "reducer"], [DOCUMENT]),
        (Document, LongDocument(title="a subclass")),
        (list[Document], [DOCUMENT, LongDocument(title="b")]),
        (Shelf, Shelf(first=LongDocument(title="in a field"))),
    ],
)
def test_a_typed_value_comes_back_as_real_objects(declared: Any, value: Any) -> None:
    codec = make_codec("key 'k'", declared)
    assert isinstance(codec, TypedCodec)
    assert is_same(codec.decode(codec.encode(value)), value)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Document, {"name": "a dict where a model is declared"}),
        (list[Document], [DOCUMENT, {"name": "x"}, None]),
        (list[Document], DOCUMENT),
        (dict[str, Document], {"a": {"name": "x"}, "b": DOCUMENT}),
        (Colour, "red"),
        (Level, 3),
        (Point, "a point"),
        (Point, Colour.RED.value),
        (Unknown, None),
    ],
)
def test_a_value_of_another_type_than_declared_is_kept_as_it_is(declared: Any, value: Any) -> None:
    """LangGraph lets it pass as well; a reducer may even want it (a single item for a list)."""
    codec = make_codec("key 'k'", declared)
    assert is_same(codec.decode(codec.encode(value)), value)


def test_an_odd_item_does_not_keep_a_list_from_growing_by_parts() -> None:
    codec = make_codec("key 'k'", list[Point])
    before, after = codec.encode([{"x": 1}]), codec.encode([{"x": 1}, Point(2)])
    assert after.startswith(before[:-1] + b",")


def test_typed_values_are_stored_as_plain_json() -> None:
    assert make_codec("key 'k'", list[Point]).encode([Point(1)]) == b'[{"x":1,"inner":null}]'
    assert make_codec("key 'k'", dict[str, Colour]).encode({"a": Colour.RED}) == b'{"a":"red"}'


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (
            Point,
            LabelledPoint(1, "lost"),
            r"key 'k' holds a value of type LabelledPoint.* It would come back as",
        ),
        (list[Point], [LabelledPoint(1, "lost")], r"key 'k', an item holds a value of type LabelledPoint"),
        (Unknown, Unknown(), r"key 'k' holds a value of type .*Unknown"),
        (Any, DOCUMENT, r"key 'k' holds a value of type .*Document.* Annotate the key with Document"),
        (list[Point], [Point(object())], r"key 'k', an item, key 'x' holds a value of type object"),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_would_come_back_as_something_else_is_refused_by_key_and_type(
    declared: Any, value: Any, message: str
) -> None:
    with pytest.raises(UnstorableValueError, match=message):
        make_codec("key 'k'", declared).encode(value)


def test_a_stored_name_makes_no_class_outside_the_declared_family() -> None:
    codec = make_codec("key 'k'", Point)
    forged = b'{"$type":"as-is","value":{"$type":"pathlib.Path","value":{}}}'
    with pytest.raises(UnreadableValueError, match=r"type 'pathlib\.Path', which is not registered"):
        codec.decode(forged)


def test_a_class_that_another_key_declares_may_turn_up_in_a_plain_one() -> None:
    codec = make_codec("key 'k'", Any, classes=[Document, Point, Colour])
    value = [Point(1), {"document": Document(title="a"), "colour": Colour.RED}]
    assert is_same(codec.decode(codec.encode(value)), value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        ([1], (1,)),
        ({"a": 1}, {"a": True}),
        (Point(1), Point(True)),
        (DOCUMENT, LongDocument()),
    ],
)
def test_sameness_sees_what_equality_does_not(one: Any, other: Any) -> None:
    assert not is_same(one, other)
    assert is_same(one, one)
