"""The JSON border: what passes as it is, what gets a tag, what is refused and with which words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import BaseModel

from fastgraph.errors import UnstorableValueError
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.plain import MAX_DEPTH, decode, encode


class Colour(enum.Enum):
    RED = "red"


class Model(BaseModel):
    x: int = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: int


class Name(str):
    __slots__ = ()


def nested(levels: int, kind: Callable[[list[Any]], Any] = list) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = kind([value])
    return value


@pytest.mark.parametrize(
    "value", ["x", 1, -1, 2**63, True, None, 1.5, -0.0, [], {}, [[1, "a"], {"b": [None]}]]
)
def test_what_json_knows_goes_as_it_is(value: object) -> None:
    assert encode(value, where="it") == orjson.dumps(value)
    assert decode(encode(value, where="it")) == value


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**63) - 1,
        -(2**200),
        float("inf"),
        float("-inf"),
        (1, (2,)),
        {1, (2, 3)},
        frozenset("ab"),
        b"\xff\x00",
        bytearray(b"x"),
        dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2024, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - a naive one is meant
        dt.date(2024, 2, 29),
        dt.time(1, 2, fold=1),
        dt.timedelta(days=-1, microseconds=1),
        uuid.UUID(int=5),
        decimal.Decimal("1.10"),
        {1: "a", (2,): [3]},
        {"$type": "tuple", "value": [1]},
        [{"$type": 7}],
        {"a": {1}, "b": [(1,), 2**99]},
    ],
)
def test_what_json_would_change_comes_back_equal_and_of_the_same_type(value: Any) -> None:
    back = decode(encode(value, where="it"))
    assert back == value
    assert type(back) is type(value)


def test_an_integer_of_more_digits_than_python_prints_comes_back() -> None:
    assert decode(encode(10**6000, where="it")) == 10**6000


def test_nan_comes_back() -> None:
    assert str(decode(encode([float("nan")], where="it"))) == "[nan]"


def test_a_zone_and_a_fold_come_back() -> None:
    moment = dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    back = decode(encode(moment, where="it"))
    assert back.tzinfo is moment.tzinfo
    assert back.fold == 1


def test_equal_sets_have_equal_bytes() -> None:
    assert encode({8, 0, 16}, where="it") == encode({16, 8, 0}, where="it")


def test_a_dict_from_outside_can_not_pass_for_a_tag() -> None:
    forged = {"$type": "bytes", "value": "aGk="}
    assert decode(encode(forged, where="it")) == forged


@pytest.mark.parametrize(
    ("value", "where", "seen", "remedy"),
    [
        ({"tags": [1, 2, 3, Colour.RED]}, "key 'tags', item 3", "Colour", "return its .value"),
        ([lambda: 1], "item 0", "function", "Return data, not code"),
        ({1: object()}, "key 1", "object", "plain data"),
        ([Model()], "item 0", "Model", "Annotate the key with Model"),
        ({"a": Point(1)}, "key 'a'", "Point", "Annotate the key with Point"),
        (({Name("x")},), "item 0, member 'x'", "Name", "Return str(…) of it."),
        ({"a": {}.keys()}, "key 'a'", "dict_keys", "Return a sorted list."),
        ({"a": np.ma.masked_array([1])}, "key 'a'", "MaskedArray", "Return .tolist()."),
        ([iter("ab")], "item 0", "str_ascii_iterator", "Return list(…) of it."),
        ([ValueError("x")], "item 0", "ValueError", "Return str(error)."),
        (["fine", "bad \ud800"], "item 1", "lone surrogate at position 4", "Return valid text"),
        ({"\ud800": 1}, "the name of key '\\ud800'", "lone surrogate", "Return valid text"),
        (
            [dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(0), "X"))],
            "item 0",
            "datetime",
            "zoneinfo",
        ),
    ],
)
def test_what_can_not_be_stored_is_named_with_its_place_type_and_remedy(
    value: Any, where: str, seen: str, remedy: str
) -> None:
    with pytest.raises(UnstorableValueError) as caught:
        encode(value, where="it")
    assert caught.value.where == f"it, {where}"
    assert seen in caught.value.seen
    assert remedy in caught.value.remedy
    assert str(caught.value).startswith(f"it, {where} holds a value of type ")


def test_two_hundred_levels_can_be_stored_and_one_more_is_refused() -> None:
    assert decode(encode(nested(MAX_DEPTH - 1), where="it")) == nested(MAX_DEPTH - 1)
    with pytest.raises(UnstorableValueError, match="more than 200 levels"):
        encode(nested(MAX_DEPTH + 1), where="it")
    with pytest.raises(UnstorableValueError, match="more than 200 levels"):
        encode(nested(MAX_DEPTH, tuple), where="it")


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = [1]
    value.append({"me": value})
    with pytest.raises(UnstorableValueError, match="none that holds itself"):
        encode(value, where="it")


def test_a_registered_type_comes_back_and_may_need_tags_itself() -> None:
    registry = DEFAULT_REGISTRY.with_type(
        "point", Point, lambda point: {point.x: (point.x,)}, lambda data: Point(next(iter(data)))
    )
    data = encode({"at": Point(2**70)}, where="it", registry=registry)
    assert decode(data, registry=registry) == {"at": Point(2**70)}
    assert Point not in DEFAULT_REGISTRY


def test_a_tag_belongs_to_one_type() -> None:
    with pytest.raises(ValueError, match="taken by bytes"):
        DEFAULT_REGISTRY.with_type("bytes", Point, repr, repr)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"$type":"os.system","value":"ls"}', "type 'os.system', which is not registered"),
        (b'{"$type":"uuid","value":"nonsense"}', "does not fit type 'uuid'"),
        (b'{"$type":"dict"}', "does not fit type 'dict'"),
        (b'{"$type":', "its bytes are no JSON"),
    ],
)
def test_bytes_that_are_damaged_or_forged_are_named_and_import_nothing(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableValueError, match=reason):
        decode(data)
