"""Types that a program registers: stored wherever they turn up, under a tag that stays theirs."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import ipaddress
import pathlib
import zoneinfo
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from fastgraph import register_type
from fastgraph.errors import UnstorableValueError
from fastgraph.state.codecs import make_codec
from fastgraph.state.plain import decode, encode
from fastgraph.state.values import PlainCodec


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    def __hash__(self) -> int:
        return hash(self.cents)


class Sealed:
    """No two are equal by `==`."""

    def __init__(self, content: Any) -> None:
        self.content = content


@dataclasses.dataclass
class Stop:
    name: str
    at: dt.time


class Mood(enum.Enum):
    FINE = "fine"


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    """As a workflow's module does it."""
    register_type(Money, encode=lambda money: money.cents, decode=Money, tag="tests.money")
    register_type(
        Sealed,
        encode=lambda sealed: sealed.content,
        decode=Sealed,
        is_same=lambda a, b: a.content == b.content,
    )
    register_type(Stop)
    register_type(Mood)


VALUES = [Money(5), {Money(1): [Money(2)]}, Stop("x", dt.time(1)), [Mood.FINE], {"a": {Money(3)}}]


@pytest.mark.parametrize("value", VALUES)
def test_a_registered_value_comes_back_wherever_it_stands(value: Any) -> None:
    assert decode(encode(value, where="it")) == value
    codec = make_codec("key 'a'", Any)
    assert codec.decode(codec.encode(value)) == value


def test_a_registered_type_may_be_declared() -> None:
    codec = make_codec("key 'a'", list[Money])
    assert isinstance(codec, PlainCodec)
    assert codec.decode(codec.encode([Money(1)])) == [Money(1)]
    assert make_codec("key 'a'", Money | None).decode(b"null") is None


def test_sameness_is_asked_of_the_type_where_equality_says_nothing() -> None:
    codec = make_codec("key 'a'", dict[str, Sealed | Stop])
    value = {"a": Sealed([1]), "b": Stop("x", dt.time(2))}
    found = codec.decode(codec.encode(value))
    assert found["a"].content == [1]
    assert found["b"] == value["b"]


def test_registering_again_is_nothing_and_a_class_defined_anew_takes_its_place() -> None:
    def define() -> type[Any]:
        class Cell:
            pass

        register_type(Cell, encode=lambda _: 1, decode=lambda _: Cell())
        return Cell

    first, second = define(), define()
    assert type(decode(encode(first(), where="it"))) is second
    register_type(Money, encode=lambda money: money.cents, decode=Money, tag="tests.money")


class Other:
    pass


class Slotted:
    __slots__ = ("a",)


@pytest.mark.parametrize(
    ("kind", "facts", "says"),
    [
        (Other, {"encode": str, "decode": Other, "tag": "tests.money"}, "taken by"),
        (Money, {"encode": str, "decode": Money, "tag": "tests.other"}, "Keep that tag"),
        (Other, {"encode": str}, "Give both"),
        (Other, {"encode": str, "decode": Other, "tag": "tuple"}, "has a meaning"),
        (Other, {"encode": str, "decode": Other, "tag": "datetime"}, "has a meaning"),
        (Other, {"encode": str, "decode": Other, "tag": "numpy.mine"}, "has a meaning"),
        (dict, {"encode": str, "decode": dict}, "stored already"),
        (dt.date, {"encode": str, "decode": dt.date}, "stored already"),
        (np.ndarray, {"encode": str, "decode": np.array}, "stored already"),
    ],
)
def test_a_tag_and_a_type_belong_to_each_other(kind: Any, facts: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        register_type(kind, **facts)


def test_a_class_of_no_known_kind_needs_functions() -> None:
    with pytest.raises(TypeError, match="functions that encode and decode"):
        register_type(Slotted)


def test_an_encoder_that_gives_what_can_not_be_stored_names_place_and_type() -> None:
    class Bad:
        pass

    register_type(Bad, encode=lambda _: object(), decode=lambda _: Bad(), tag="tests.bad")
    with pytest.raises(UnstorableValueError, match="key 'a'"):
        make_codec("key 'a'", Any).encode([Bad()])


@pytest.mark.parametrize(
    "value",
    [
        Fraction(1, 3),
        collections.deque([1, (2,)], maxlen=3),
        zoneinfo.ZoneInfo("Europe/Berlin"),
        ipaddress.ip_address("10.0.0.1"),
        ipaddress.ip_network("2001:db8::/32"),
        pathlib.PurePosixPath("/a/b"),
        pathlib.PureWindowsPath("c:/a"),
    ],
    ids=repr,
)
def test_more_types_of_the_standard_library_come_back(value: Any) -> None:
    found = decode(encode({"a": [value]}, where="it"))["a"][0]
    assert found == value
    assert type(found) is type(value)
