"""Folding a step's writes into a key: order, first values, overwrites, and whose object it is."""

from __future__ import annotations

import operator
from typing import Annotated, Any

import pytest

from fastgraph.errors import InvalidUpdateError, UnstorableValueError
from fastgraph.state.changes import ChangeKind
from fastgraph.state.folding import fold_key
from fastgraph.state.overwrite import Overwrite
from fastgraph.state.reducers import MISSING, fold
from fastgraph.state.schema import ROOT, KeySpec, StateSchema
from fastgraph.state.values import FRESH_COPY_BYTES, PlainCodec, StoredValue

LARGE = "x" * (FRESH_COPY_BYTES + 1)


def key_of(declared: Any) -> KeySpec:
    return StateSchema.from_type(declared).keys[ROOT]


def joined(one: str, other: str) -> str:
    return f"{one}{other}"


def extend(one: list[Any], other: list[Any]) -> list[Any]:
    one.extend(other)
    return one


@pytest.mark.parametrize(
    ("current", "writes", "result"),
    [
        ("a", ["b", "c"], "abc"),
        (MISSING, ["a", "b"], "ab"),
        ("a", ["b", Overwrite("O"), "c"], "O"),
        ("a", [{"__overwrite__": "O"}], "O"),
        ("a", [{"value": "O", "type": "__overwrite__"}], "O"),
        (MISSING, [Overwrite("O"), "b"], "O"),
        ("a", [{"__overwrite__": "O", "more": 1}], "a{'__overwrite__': 'O', 'more': 1}"),
    ],
)
def test_writes_fold_left_to_right_and_an_overwrite_replaces_all(
    current: Any, writes: list[Any], result: Any
) -> None:
    assert fold("k", joined, current, writes) == result


def test_two_overwrites_in_a_step_are_refused() -> None:
    with pytest.raises(InvalidUpdateError, match="2 Overwrites"):
        fold("k", joined, "a", [Overwrite("b"), {"__overwrite__": "c"}])


def test_a_key_without_a_reducer_takes_one_write_a_step() -> None:
    assert fold("k", None, "a", [{"__overwrite__": "b"}]) == {"__overwrite__": "b"}
    with pytest.raises(InvalidUpdateError, match=r"Key 'k' was written 2 times.*Annotated"):
        fold("k", None, "a", ["b", "c"])


def test_what_a_reducer_raises_goes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        fold("k", operator.truediv, 1, [0])


def test_the_first_fold_begins_with_what_the_type_makes_of_nothing() -> None:
    change, value = fold_key(
        key_of(Annotated[list[int], operator.add]), None, [StoredValue.of([1]), StoredValue.of([2])]
    )
    assert change is not None
    assert change.encode() == b'["set",[1,2]]'
    assert value.value == [1, 2]


@pytest.mark.parametrize("reducer", [operator.add, extend])
@pytest.mark.parametrize("old", [[{"a": [1]}], [{"a": [1]}, LARGE]])
def test_an_append_is_an_append_whether_or_not_the_reducer_works_in_place(
    reducer: Any, old: list[Any]
) -> None:
    current = StoredValue.of(old)
    change, value = fold_key(key_of(Annotated[list, reducer]), current, [StoredValue.of([2])])
    assert change is not None
    assert (change.kind, change.operand) == (ChangeKind.APPEND, b"[2]")
    assert value.value == [*old, 2]
    assert value.size == len(value.to_bytes())
    assert current.value == old


def test_a_reducer_that_changes_what_it_was_given_and_raises_leaves_no_trace() -> None:
    def spoil(one: list[Any], other: list[Any]) -> list[Any]:
        one[0]["a"] = "spoilt"
        other.clear()
        raise RuntimeError

    current, write = StoredValue.of([{"a": 1}]), StoredValue.of([2])
    with pytest.raises(RuntimeError):
        fold_key(key_of(Annotated[list, spoil]), current, [write])
    assert current.value == [{"a": 1}]
    assert write.value == [2]


def test_a_reducer_that_returns_what_can_not_be_stored_names_the_key() -> None:
    with pytest.raises(UnstorableValueError, match="key '__root__' holds a value of type object"):
        fold_key(key_of(Annotated[list, lambda a, b: object()]), None, [StoredValue.of(1)])


def test_no_difference_is_no_change() -> None:
    current = StoredValue.of([1])
    change, value = fold_key(key_of(Annotated[list, operator.add]), current, [StoredValue.of([])])
    assert change is None
    assert value is current


class CountingCodec(PlainCodec):
    def __init__(self) -> None:
        super().__init__("key 'k'")
        self.written = 0
        self.read = 0

    def encode(self, value: Any) -> bytes:
        data = super().encode(value)
        self.written += len(data)
        return data

    def decode(self, data: bytes) -> Any:
        self.read += len(data)
        return super().decode(data)


def test_appending_a_kilobyte_a_thousand_times_costs_a_thousand_kilobytes() -> None:
    codec = CountingCodec()
    key = KeySpec(name="k", declared=list[str], reducer=operator.add, codec=codec)
    current, changed = StoredValue.of([], codec), 0
    for _ in range(1000):
        change, current = fold_key(key, current, [StoredValue.of(["x" * 1000])])
        assert change is not None
        changed += change.weight
    assert len(current.value) == 1000
    assert changed < 1_010_000
    assert codec.written < 1_010_000
    assert codec.read < 1_010_000
    assert current.size == len(codec.encode(current.value))
