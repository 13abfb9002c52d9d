"""Stored values as the outside gets them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.state.plain import encode
from fastgraph.state.presentation import present


def shown(value: Any) -> Any:
    return json.loads(present(encode(value, where="value")))


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ({"n": 2**70}, {"n": 2**70}),
        ((1, (2, 3)), [1, [2, 3]]),
        ({"s": {3, 1, 2}}, {"s": [1, 2, 3]}),
        ({"$type": "mine", "value": 1}, {"$type": "mine", "value": 1}),
        ({1: "a", (2, 3): "b"}, {"1": "a", "[2,3]": "b"}),
        ({"x": float("inf")}, {"x": "inf"}),
        ([{"$type": {"$type": 1}}], [{"$type": {"$type": 1}}]),
    ],
)
def test_tags_are_taken_off(value: Any, seen: Any) -> None:
    assert shown(value) == seen


def test_a_spilled_value_is_shown_by_its_facts() -> None:
    stored = b'{"key":{"$type":"spilled","sha256":"ab","size":300000,"preview":"x"}}'
    assert json.loads(present(stored)) == {"key": {"sha256": "ab", "size": 300000, "preview": "x"}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.just("$type") | st.just("value"), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(JSON)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert shown(value) == value
