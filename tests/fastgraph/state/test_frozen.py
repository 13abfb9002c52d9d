"""A frozen class is a dataclass like any other, made more quickly."""

import copy
import dataclasses
import inspect

import pytest

from fastgraph.state.frozen import frozen


@frozen
class Point:
    """A point."""

    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list)


def test_fields_are_what_was_given_or_their_defaults() -> None:
    assert (Point(x=1).x, Point(x=1).y, Point(x=1).tags) == (1, 2, [])
    assert Point(x=1, y=5, tags=["a"]) == Point(y=5, x=1, tags=["a"]) != Point(x=1)


def test_each_one_has_a_default_of_its_own_where_a_factory_makes_it() -> None:
    assert Point(x=1).tags is not Point(x=1).tags


def test_no_field_can_be_set() -> None:
    point = Point(x=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_what_is_missing_or_unknown_is_an_error() -> None:
    for given in ({}, {"x": 1, "z": 2}):
        with pytest.raises(TypeError, match=r"Point\.__init__\(\)"):
            Point(**given)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]


def test_it_does_what_a_dataclass_does() -> None:
    point = Point(x=1, tags=["a"])
    assert dataclasses.replace(point, x=3) == Point(x=3, tags=["a"])
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "tags": ["a"]}
    assert copy.deepcopy(point) == copy.copy(point) == point
    assert repr(point) == "Point(x=1, y=2, tags=['a'])"
    assert list(inspect.signature(Point).parameters) == list(inspect.signature(Same).parameters)
