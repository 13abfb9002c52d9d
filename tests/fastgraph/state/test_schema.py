"""State types taken apart: keys, reducers, inputs of nodes, payloads, the JSON Schema."""

from __future__ import annotations

import dataclasses
import datetime as dt
import operator
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

import pytest
import typing_extensions
from pydantic import BaseModel, Field, ValidationError

from fastgraph.errors import GraphDefinitionError
from fastgraph.state.overwrite import Overwrite
from fastgraph.state.reducers import MISSING
from fastgraph.state.schema import ROOT, SchemaKind, StateSchema, input_json_schema
from fastgraph.state.values import PLAIN, StoredValue

make_typed_dict: Any = TypedDict


def longest(one: str, other: str) -> str:
    return max(one, other, key=len)


class Item(BaseModel):
    """A thing."""

    name: str
    price: float = 1.5


class Channel:
    is_channel = True

    def __init__(self, typ: Any) -> None:
        self.typ = typ


class LastStep:
    is_managed_value = True


class Inner(TypedDict):
    a: typing.Required[int]
    items: list[Item]


class State(TypedDict, total=True):
    """What the graph works on."""

    question: str
    logs: Annotated[list[str], operator.add]
    best: typing.NotRequired[Annotated[str, longest]]
    item: Annotated[Item, Field(description="The thing itself")]
    inner: Inner
    topic: Annotated[list[str], Channel, operator.add]
    is_last: Annotated[bool, LastStep]
    due: dt.datetime | None


class ExtendedState(typing_extensions.TypedDict):
    question: typing_extensions.ReadOnly[typing_extensions.Required[Annotated[str, longest]]]


@dataclasses.dataclass
class Data:
    question: str
    count: int = 3
    item: Item | None = None
    logs: Annotated[list[str], operator.add] = dataclasses.field(default_factory=list)
    derived: int = dataclasses.field(default=0, init=False)


class Model(BaseModel):
    question: str = Field(alias="q", description="What is asked")
    count: int = Field(default=3, gt=0)
    due: dt.date | None = None


def stored(values: Mapping[str, Any], schema: StateSchema) -> dict[str, StoredValue]:
    return {key: StoredValue.of(value, schema.codec(key)) for key, value in values.items()}


def test_each_annotated_key_has_its_reducer_its_channel_or_neither() -> None:
    schema = StateSchema.from_type(State)
    assert schema.kind is SchemaKind.TYPED_DICT
    assert list(schema.keys) == list(typing.get_type_hints(State))
    assert schema.keys["question"].reducer is None
    assert schema.keys["logs"].reducer is operator.add
    assert schema.keys["best"].reducer is longest
    assert schema.keys["item"].reducer is None
    assert schema.keys["topic"].reducer is None
    assert type(schema.keys["topic"].channel) is Channel
    assert schema.keys["topic"].channel.typ == list[str]
    assert (schema.keys["is_last"].reducer, schema.keys["is_last"].managed) == (None, LastStep)


def test_typed_dicts_of_typing_extensions_work_as_well() -> None:
    assert StateSchema.from_type(ExtendedState).keys["question"].reducer is longest


def test_a_bare_type_is_a_state_of_one_key() -> None:
    schema = StateSchema.from_type(Annotated[list[int], operator.add])
    assert schema.kind is SchemaKind.ROOT
    assert schema.keys[ROOT].reducer is operator.add
    assert schema.read_as(stored({ROOT: [1]}, schema)) == [1]
    assert schema.json_schema() == {"items": {"type": "integer"}, "type": "array"}


@pytest.mark.parametrize("reducer", [lambda a: a, lambda: 0, lambda a, b, c: a, lambda *a: a])
def test_a_reducer_of_another_arity_is_refused(reducer: Any) -> None:
    bad = make_typed_dict("bad", {"logs": Annotated[list, reducer]})
    with pytest.raises(ValueError, match="Invalid reducer signature") as caught:
        StateSchema.from_type(bad)
    assert isinstance(caught.value, GraphDefinitionError)
    assert "'logs'" in str(caught.value)


def test_an_annotation_that_names_nothing_says_where() -> None:
    broken = TypedDict("broken", {"a": "NoSuchThing"})  # type: ignore[name-defined]  # noqa: F821, UP013
    with pytest.raises(NameError) as caught:
        StateSchema.from_type(broken)
    assert "broken" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("declared", "start"),
    [
        (list[str], []), (Sequence[int], []), (set, set()), (typing.AbstractSet[int], set()), (Mapping[str, int], {}),
        (int, 0), (str, ""), (typing.NotRequired[dict[str, Any]], {}), (Annotated[list, "x"], []),
        (int | None, MISSING), (Any, MISSING), (object, MISSING), (Item, MISSING), (typing.Literal["a"], MISSING),
    ],
)  # fmt: skip
def test_a_reducer_begins_with_what_its_type_makes_of_nothing(declared: Any, start: Any) -> None:
    schema = StateSchema.from_type(Annotated[declared, longest])
    assert schema.keys[ROOT].start_value() == start


def test_a_node_reads_a_dict_of_the_keys_that_have_a_value() -> None:
    schema = StateSchema.from_type(State)
    values = stored({"question": "?", "item": Item(name="a")}, schema) | {"other": StoredValue.of(1)}
    assert schema.read_as(values) == {"question": "?", "item": Item(name="a")}


def test_a_node_reads_an_instance_with_its_defaults() -> None:
    schema = StateSchema.from_type(Data)
    assert "derived" not in schema.keys
    assert schema.read_as(stored({"question": "?"}, schema)) == Data("?")
    model = StateSchema.from_type(Model)
    assert model.read_as(stored({"question": "?"}, model)) == Model(q="?")


def test_a_value_that_does_not_fit_a_model_surfaces_when_the_model_is_read() -> None:
    schema = StateSchema.from_type(Model)
    with pytest.raises(ValidationError, match="count"):
        schema.read_as(stored({"question": "?", "count": "no number"}, schema))


def test_a_payload_becomes_what_the_keys_hold() -> None:
    schema = StateSchema.from_type(State)
    payload = {
        "item": {"name": "a"},
        "due": "2024-01-01T00:00:00Z",
        "inner": {"items": [{"name": "b"}], "more": 1},
        "logs": {"__overwrite__": ["x"]},
        "question": 5,
        "undeclared": {"a": 1},
    }
    parsed = schema.parse_payload(payload)
    assert parsed["item"] == Item(name="a")
    assert parsed["due"] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert parsed["inner"] == {"items": [Item(name="b")], "more": 1}
    assert {key: parsed[key] for key in ("logs", "question", "undeclared")} == {
        "logs": {"__overwrite__": ["x"]},
        "question": 5,
        "undeclared": {"a": 1},
    }
    assert StateSchema.from_type(Model).parse_payload({"q": "?", "due": "2024-02-03"}) == {
        "question": "?",
        "due": dt.date(2024, 2, 3),
    }


def test_an_overwrite_in_a_payload_is_parsed_inside() -> None:
    schema = StateSchema.from_type(make_typed_dict("T", {"items": Annotated[list[Item], operator.add]}))
    assert schema.parse_payload({"items": {"__overwrite__": [{"name": "a"}]}}) == {
        "items": Overwrite([Item(name="a")])
    }


def test_a_payload_that_does_not_fit_names_its_key() -> None:
    with pytest.raises(ValidationError) as caught:
        StateSchema.from_type(State).parse_payload({"item": {"price": 1}})
    assert caught.value.__notes__ == ["This was given as key 'item' of the input."]


def test_the_json_schema_of_a_typed_dict_requires_nothing_and_explains_itself() -> None:
    schema = input_json_schema(State)
    assert schema["title"] == "State"
    assert schema["description"] == "What the graph works on."
    assert "required" not in schema
    properties = schema["properties"]
    assert properties["question"] == {"title": "Question", "type": "string"}
    assert properties["logs"] == {"title": "Logs", "type": "array", "items": {"type": "string"}}
    assert properties["item"] == {"$ref": "#/$defs/Item", "description": "The thing itself"}
    assert "is_last" not in properties
    assert schema["$defs"]["Item"]["required"] == ["name"]
    assert schema["$defs"]["Item"]["properties"]["price"]["default"] == 1.5
    assert "required" not in schema["$defs"]["Inner"]


def test_two_models_of_one_name_do_not_mix() -> None:
    def make() -> Any:
        class Item(BaseModel):
            other: int

        return Item

    schema = input_json_schema(make_typed_dict("T", {"a": Item, "b": make()}))
    refs = {part["$ref"].removeprefix("#/$defs/") for part in schema["properties"].values()}
    assert len(refs) == 2
    assert refs <= schema["$defs"].keys()


def test_the_json_schema_of_fields_is_as_declared() -> None:
    data = input_json_schema(Data)
    assert data["required"] == ["question"]
    assert data["properties"]["count"] == {"title": "Count", "type": "integer", "default": 3}
    model = input_json_schema(Model)
    assert model["required"] == ["q"]
    assert model["properties"]["q"]["description"] == "What is asked"
    assert model["properties"]["count"]["exclusiveMinimum"] == 0


def test_what_pydantic_can_not_describe_may_be_anything() -> None:
    class Odd:
        pass

    schema = input_json_schema(make_typed_dict("T", {"odd": Odd, "call": typing.Callable[[], int], "n": int}))
    assert schema["properties"] == {
        "odd": {"title": "Odd"},
        "call": {"title": "Call"},
        "n": {"title": "N", "type": "integer"},
    }


def test_a_dataclass_with_a_typed_dict_inside_is_described_field_by_field() -> None:
    made = dataclasses.make_dataclass("Made", [("inner", Inner), ("count", int, 1)])
    schema = input_json_schema(made)
    assert schema["required"] == ["inner"]
    assert schema["properties"]["inner"] == {"$ref": "#/$defs/Inner"}


def test_plain_values_have_a_codec_of_their_own() -> None:
    assert PLAIN.decode(PLAIN.encode({"a": (1,)})) == {"a": (1,)}
