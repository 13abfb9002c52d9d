"""Payloads against input schemas, as hosts publish them."""

import json
from typing import Any

import pytest

from api.faults import InvalidRequestError
from api.payload_check import MAX_FAULTS, MAX_VALIDATORS, PayloadCheck

SCHEMA = {
    "$defs": {"Item": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
    "type": "object",
    "properties": {
        "input": {"type": "string"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
    },
    "required": ["input"],
    "additionalProperties": False,
}


def faults(payload: Any, schema: Any = SCHEMA) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        PayloadCheck().check(payload, schema=json.dumps(schema).encode(), workflow="w")
    return [(fault.field, fault.message) for fault in caught.value.faults]


def test_each_fault_names_its_field() -> None:
    assert faults({"input": 1, "items": [{"n": 1}, {"n": "x"}, {}]}) == [
        ("payload.input", '1 is not of type "string"'),
        ("payload.items[1].n", '"x" is not of type "integer"'),
        ("payload.items[2].n", "is required"),
    ]
    assert faults({"input": "x", "colour": 1}) == [("payload.colour", "is no field of this input")]
    assert faults([]) == [("payload", '[] is not of type "object"')]


def test_what_fits_passes_also_with_an_integer_beyond_64_bits() -> None:
    PayloadCheck().check(
        {"input": "x", "items": [{"n": 2**70}]}, schema=json.dumps(SCHEMA).encode(), workflow="w"
    )


def test_the_number_of_faults_is_bounded() -> None:
    assert len(faults({"input": "x", "items": [{}] * 500})) == MAX_FAULTS


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://example.com/schema.json"}])
def test_a_schema_that_is_none_stops_nobody_and_fetches_nothing(schema: Any) -> None:
    PayloadCheck().check({"anything": 1}, schema=json.dumps(schema).encode(), workflow="w")


def test_validators_are_kept_and_their_number_is_bounded() -> None:
    check = PayloadCheck()
    for number in range(MAX_VALIDATORS + 10):
        schema = json.dumps({"const": number}).encode()
        check.check(number, schema=schema, workflow="w")
        assert check._validator(schema, "w") is check._validator(schema, "w")
    assert len(check._validators) == MAX_VALIDATORS
