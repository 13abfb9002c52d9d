"""Classes of attributes alone: kept where the schema names them, and nothing that is more than that."""

from __future__ import annotations

import threading
from abc import ABC
from typing import Any, Generic, Protocol, TypeVar

import pytest

from fastgraph.errors import UnstorableValueError
from fastgraph.state.codecs import make_codec
from fastgraph.state.plain_classes import is_plain_class
from fastgraph.state.sameness import is_same

T = TypeVar("T")


class Counter:
    def __init__(self, amount: int) -> None:
        self.amount = amount


class Named(Counter, ABC):
    def __init__(self, name: str, inner: Any = None) -> None:
        super().__init__(7)
        self.name = name
        self.inner = inner


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content


class Slotted(Counter):
    __slots__ = ("extra",)


class Reduced(Counter):
    def __reduce__(self) -> Any:
        return (Counter, (1,))


class Listed(list[int]):
    pass


class BadError(Exception):
    pass


class Shown(Protocol):
    amount: int


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Counter, Counter(5)),
        (Counter, Named("x", {"deep": [Counter(1)]})),
        (list[Counter], [Counter(1), Named("y")]),
        (Box[int], Box(5)),
        (dict[str, Counter | None], {"a": Counter(1), "b": None}),
    ],
)
def test_an_instance_comes_back_as_one(declared: Any, value: Any) -> None:
    codec = make_codec("key 'a'", declared)
    found = codec.decode(codec.encode(value))
    assert found is not value
    assert is_same(found, value)


@pytest.mark.parametrize(
    "kind", [Slotted, Reduced, Listed, BadError, threading.local, type, object, int, dict]
)
def test_what_is_more_than_its_attributes_is_no_plain_class(kind: type[Any]) -> None:
    assert not is_plain_class(kind)


@pytest.mark.parametrize(
    ("declared", "value", "place"),
    [
        (Any, Counter(1), r"key 'a' holds a value of type .*Counter"),
        (Counter, Counter(threading.Lock()), r"key 'a', key 'amount' holds a value of type .*lock"),  # type: ignore[arg-type]
        (Counter, Reduced(1), r"key 'a' holds a value of type .*Reduced"),
        (threading.Thread, threading.Thread(), r"key 'a'"),
    ],
)
def test_what_nobody_named_or_can_not_be_kept_is_refused(declared: Any, value: Any, place: str) -> None:
    with pytest.raises(UnstorableValueError, match=place):
        make_codec("key 'a'", declared).encode(value)


def test_no_init_runs_when_one_is_read() -> None:
    made: list[int] = []

    class Loud:
        def __init__(self, number: int) -> None:
            made.append(number)
            self.number = number

    codec = make_codec("key 'a'", Loud)
    data = codec.encode(Loud(1))
    assert codec.decode(data).number == 1
    assert made == [1]
