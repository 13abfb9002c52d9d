"""Secrets: kept as they are for the run, and shown to nobody."""

import dataclasses
from typing import Any, TypedDict

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter, ValidationError

from fastgraph.state.codecs import make_codec
from fastgraph.state.payloads import make_parser
from fastgraph.state.presentation import present, preview
from fastgraph.state.secrets import REDACTED, hide_secrets, may_hold_secrets, reveal

TEXT = "correct-horse-battery-staple"


class Login(BaseModel):
    user: str
    password: SecretStr
    pins: list[SecretStr] = []
    token: SecretBytes | None = None


@dataclasses.dataclass
class Place:
    url: str
    password: SecretStr


class Keyed(TypedDict):
    login: Login


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (SecretStr, SecretStr(TEXT)),
        (SecretBytes, SecretBytes(TEXT.encode())),
        (Secret[str], Secret[str](TEXT)),
        (list[SecretStr], [SecretStr(TEXT)]),
        (dict[str, Any], {"a": {"b": [SecretStr(TEXT)]}}),
        (Any, (SecretStr(TEXT), 1)),
        (Login, Login(user="ann", password=SecretStr(TEXT), pins=[SecretStr(TEXT)])),
        (Place, Place(url="here", password=SecretStr(TEXT))),
        (Keyed, {"login": Login(user="ann", password=SecretStr(TEXT))}),
    ],
    ids=["text", "bytes", "generic", "list", "dict", "any", "model", "dataclass", "typed dict"],
)
def test_a_secret_comes_back_and_is_not_shown(declared: Any, value: Any) -> None:
    codec = make_codec("key 'k'", declared)
    stored = codec.encode(value)
    assert codec.decode(stored) == value
    for shown in (present(stored).decode(), preview(stored)):
        assert TEXT not in shown
        assert REDACTED in shown


def test_a_preview_of_a_large_value_shows_no_secret() -> None:
    codec = make_codec("key 'k'", Any)
    assert TEXT not in preview(codec.encode({"password": SecretStr(TEXT), "more": "x" * 100_000}))


def test_a_payload_is_hidden_by_its_schema_and_read_by_its_type() -> None:
    schema = orjson.dumps(TypeAdapter(Login).json_schema(ref_template="#/$defs/{model}"))
    assert may_hold_secrets(schema)
    payload = {"user": "ann", "password": TEXT, "pins": [TEXT, "2"], "token": "t", "other": TEXT}
    hidden = hide_secrets(payload, orjson.loads(schema))
    assert hidden == {
        "user": "ann",
        "password": SecretStr(TEXT),
        "pins": [SecretStr(TEXT), SecretStr("2")],
        "token": SecretStr("t"),
        "other": TEXT,
    }
    assert reveal(hidden) == payload
    parser = make_parser("key 'login'", Login)
    assert parser is not None
    parsed = parser.parse({key: item for key, item in hidden.items() if key != "other"})
    assert parsed.password.get_secret_value() == TEXT


def test_a_secret_behind_a_reference_is_found() -> None:
    schema = TypeAdapter(list[Login]).json_schema()
    assert hide_secrets([{"user": "a", "password": TEXT}], schema)[0]["password"] == SecretStr(TEXT)
    endless = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert hide_secrets({"a": 1}, endless) == {"a": 1}


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
    )
)
def test_without_secrets_nothing_changes(value: Any) -> None:
    assert hide_secrets(value, {"type": "object", "properties": {"a": {"type": "string"}}}) == value
    assert reveal(value) == value


def test_a_payload_that_does_not_fit_is_refused_without_its_secrets() -> None:
    parser = make_parser("key 'login'", Login)
    assert parser is not None
    with pytest.raises(ValidationError) as caught:
        parser.parse({"user": 1, "password": SecretStr(TEXT)})
    assert TEXT not in str(caught.value)
    assert "user" in str(caught.value)
    assert "Input should be a valid string" in str(caught.value)
