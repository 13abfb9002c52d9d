"""Strict JSON: what is refused, by which field, and that nothing which is allowed is changed."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.faults import InvalidRequestError
from api.strict_json import MAX_DEPTH, parse_strict_json


def fault(body: bytes) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_strict_json(body)
    (only,) = caught.value.faults
    return only


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"payload": {"x": NaN}}', "payload.x"),
        (b'{"payload": [1, Infinity]}', "payload[1]"),
        (b'{"payload": -Infinity}', "payload"),
        (b'{"payload": {"x": 1e999}}', "payload.x"),
        (b'{"name": "a", "name": "b"}', "name"),
        (b'{"payload": {"a": 1, "a": 1}}', "payload.a"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
        (b'{"payload": {"x": "\\ud800"}}', "payload.x"),
        (b'{"payload": {"\\udfff": 1}}', "payload.\\udfff"),
        (b'{"payload": {"a\\u0000b": 1}}', "payload.a\\u0000b"),
        (b'{"payload": {"a\x7fb": 1}}', "payload.a\\u007fb"),
        ('{"payload": {"a\x85b": 1}}'.encode(), "payload.a\\u0085b"),
        (b"", "body"),
        (b"{", "body"),
        (b'{"a": 1} x', "body"),
        (b'{"a": 01}', "body"),
        (b"\xff\xfe{}", "body"),
        (b"\xef\xbb\xbf{}", "body"),
        ('{"a": 1}'.encode("utf-16"), "body"),
        (b"9" * 5000, "body"),
    ],
)
def test_what_is_no_strict_json_is_refused_by_its_field(body: bytes, field: str) -> None:
    assert fault(body)[0] == field


def test_a_depth_of_a_hundred_is_the_last_that_is_taken() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_strict_json(deepest) == json.loads(deepest)
    assert fault(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)) == (
        "body",
        "is nested deeper than 100 levels",
    )
    assert fault(b'{"a":' * 100_000)[0] == "body"


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse_strict_json(b'{"a": "' + b"[" * 500 + b'"}') == {"a": "[" * 500}


def test_integers_of_any_size_stay_what_they_are() -> None:
    for number in (2**63, 2**64 - 1, 2**64, 2**70, -(2**63) - 1, 10**100):
        assert parse_strict_json(b'{"n": %d}' % number) == {"n": number}


TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
KEYS = st.text(st.characters(exclude_categories=("Cs", "Cc")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
@example({"a": "\\", "b": '"', "c": ':":"'}, False)
@example({"": {"": []}}, True)
@example([1e22, 1.5e300, 12345678901234567890123], False)
def test_strict_json_reads_what_the_standard_parser_reads(value: object, ensure_ascii: bool) -> None:
    body = json.dumps(value, ensure_ascii=ensure_ascii).encode()
    assert parse_strict_json(body) == json.loads(body)


@given(st.lists(st.tuples(KEYS, JSON), min_size=1, max_size=5), st.data())
def test_a_key_that_stands_twice_is_always_found(
    members: list[tuple[str, object]], data: st.DataObject
) -> None:
    again = data.draw(st.sampled_from(members))
    texts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in [*members, again]]
    with pytest.raises(InvalidRequestError, match="stands twice"):
        parse_strict_json(("[{" + ", ".join(texts) + "}]").encode())
