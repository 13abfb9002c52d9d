"""The law of changes: applying the difference of two values to the first gives the second, byte for byte."""

from __future__ import annotations

import copy
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.state.changes import Change, ChangeKind, apply_change, diff
from fastgraph.state.values import FRESH_COPY_BYTES, PLAIN, StoredValue

PADDING = "x" * (FRESH_COPY_BYTES + 1)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 1.0, True, 2**70, float("inf"), "", "a", '"', "\\", "é", (1,), {1}]),
)
KEYS = st.sampled_from(["a", "b", "c", "d", "$type", "value"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4), st.text(max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def edits(draw: st.DrawFn, value: Any) -> Any:
    """What a node or a reducer may make of a value, in place or not."""
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if isinstance(value, list):
        return edit_list(draw, value)
    if type(value) is dict:
        return edit_dict(draw, value)
    if isinstance(value, str):
        return value + draw(st.text(max_size=3)) if draw(st.booleans()) else value[:-1]
    return value if draw(st.booleans()) else draw(VALUES)


def edit_list(draw: st.DrawFn, value: list[Any]) -> list[Any]:
    how = draw(st.sampled_from(["append", "in place", "shorter", "inside", "reversed", "same"]))
    if how == "append":
        return [*value, *draw(st.lists(VALUES, max_size=3))]
    if how == "in place":
        value.extend(draw(st.lists(VALUES, max_size=3)))
    elif how == "shorter":
        return value[: draw(st.integers(0, len(value)))]
    elif how == "inside" and value:
        index = draw(st.integers(0, len(value) - 1))
        value[index] = draw(edits(value[index]))
    elif how == "reversed":
        return value[::-1]
    return value


def edit_dict(draw: st.DrawFn, value: dict[Any, Any]) -> dict[Any, Any]:
    how = draw(st.sampled_from(["merge", "in place", "remove", "inside", "reversed", "same"]))
    if how == "merge":
        return value | draw(st.dictionaries(KEYS, VALUES, max_size=3))
    if how == "in place":
        value.update(draw(st.dictionaries(KEYS, VALUES, max_size=3)))
    elif how == "remove" and value:
        return {key: item for key, item in value.items() if key != draw(st.sampled_from(list(value)))}
    elif how == "inside" and value:
        key = draw(st.sampled_from(list(value)))
        value[key] = draw(edits(value[key]))
    elif how == "reversed":
        return dict(reversed(value.items()))
    return value


def check(old: StoredValue, new: Any) -> tuple[Change | None, StoredValue]:
    before = old.to_bytes()
    change, stored = diff(old, new, PLAIN)
    wanted = PLAIN.encode(new)
    assert stored.to_bytes() == wanted
    assert stored.size == len(wanted)
    tree = orjson.loads(before)
    applied = tree if change is None else apply_change(tree, orjson.loads(change.encode()))
    assert orjson.dumps(applied) == wanted
    if change is not None and change.kind is not ChangeKind.SET:
        assert change.weight <= len(wanted)
    return change, stored


@given(st.data(), VALUES)
def test_the_difference_of_two_values_leads_from_one_to_the_other(data: Any, value: Any) -> None:
    old = StoredValue.of(value, PLAIN)
    new = data.draw(edits(old.fresh()))
    check(old, new)


@given(VALUES, VALUES)
def test_any_two_values_have_a_difference(one: Any, other: Any) -> None:
    check(StoredValue.of(one, PLAIN), other)


@given(st.data(), st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=4)))
def test_large_values_obey_the_law_where_only_their_top_level_is_edited(data: Any, value: Any) -> None:
    large = [PADDING, *value] if isinstance(value, list) else {"pad": PADDING, **value}
    old = StoredValue.of(large, PLAIN)
    new = old.fresh()
    for _ in range(data.draw(st.integers(1, 3))):
        new = data.draw(top_edits(new))
        _, old = check(old, new)
        new = old.fresh()


@st.composite
def top_edits(draw: st.DrawFn, value: Any) -> Any:
    """Edits that leave the items themselves alone: in a large value the rest is seen by `strict` only."""
    edited = draw(edits(copy.copy(value)) if not isinstance(value, (list, dict)) else st.just(value))
    if isinstance(edited, list):
        if draw(st.booleans()):
            return [*edited, *draw(st.lists(VALUES, max_size=3))]
        index = draw(st.integers(0, len(edited)))
        return [*edited[:index], draw(VALUES), *edited[index:]]
    if isinstance(edited, dict):
        removed = draw(st.sampled_from(["", *map(str, edited)]))
        kept = {key: item for key, item in edited.items() if key != removed}
        return kept | draw(st.dictionaries(KEYS, VALUES, max_size=3))
    return edited


@given(st.data(), VALUES)
def test_strict_sees_what_is_changed_in_place_inside_a_large_value(data: Any, value: Any) -> None:
    old = StoredValue.of([PADDING, [value]], PLAIN, is_strict=True)
    new = old.fresh()
    new[1][0] = data.draw(edits(new[1][0]))
    wanted = PLAIN.encode(new)
    change, stored = diff(old, new, PLAIN, strict=True)
    assert stored.to_bytes() == wanted
    assert (change is None) == (old.to_bytes() == wanted)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=6))
def test_a_list_that_grows_is_stored_as_its_growth(parts: list[list[Any]]) -> None:
    stored = StoredValue.of([], PLAIN)
    tree: Any = []
    for part in parts:
        change, stored = check(stored, [*stored.fresh(), *part])
        assert change is not None
        assert change.kind is ChangeKind.APPEND
        assert change.operand == PLAIN.encode(part)
        tree = apply_change(tree, orjson.loads(change.encode()))
    assert orjson.dumps(tree) == stored.to_bytes()
