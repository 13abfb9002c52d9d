"""The JSON border loses nothing: any value comes back equal and of the same type."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from math import isnan

from hypothesis import example, given
from hypothesis import strategies as st

from fastgraph.state.plain import decode, encode, holds_tag
from fastgraph.state.presentation import present
from fastgraph.state.sameness import is_same


def is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


ZONES = st.sampled_from(
    [None, dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30)), zoneinfo.ZoneInfo("Europe/Berlin")]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**60, max_value=2**70),
    st.floats(),
    TEXT,
    st.sampled_from(["$type", "value", '"$type"', '\\"']),
    st.binary(max_size=8),
    st.dates(),
    st.datetimes(timezones=ZONES),
    st.timedeltas(),
    st.uuids(),
    st.decimals(allow_nan=False),
)
HASHABLE = st.recursive(
    ATOMS.filter(lambda value: not (isinstance(value, float) and isnan(value))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.frozensets(inner.filter(is_hashable), max_size=3)
    ),
    max_leaves=4,
)
KEYS = st.one_of(TEXT, st.sampled_from(["$type", "value"]), HASHABLE)
VALUES = st.recursive(
    st.one_of(ATOMS, HASHABLE),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.sets(HASHABLE, max_size=3),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


@given(VALUES)
@example({"$type": "tuple", "value": [1]})
@example([{"$type": 1, 2: float("nan")}])
@example(2**64)
@example(-(2**63) - 1)
@example({True: 1, "1": 2})
def test_a_value_comes_back_as_what_it_was(value: object) -> None:
    assert is_same(decode(encode(value, where="it")), value)


@given(VALUES)
def test_what_came_back_has_the_same_bytes(value: object) -> None:
    data = encode(value, where="it")
    assert encode(decode(data), where="it") == data


@given(VALUES)
def test_the_outside_never_sees_a_tag(value: object) -> None:
    shown = present(encode({"key": value}, where="it"))
    assert shown.startswith(b'{"key":')


@given(st.dictionaries(TEXT.filter(lambda key: key != "$type"), st.lists(st.integers(-9, 9)), max_size=4))
def test_plain_json_carries_no_tag(value: object) -> None:
    assert not holds_tag(encode(value, where="it")) or '"$type"' in repr(value)
