"""The keys of a state type: what each holds, how writes fold into it, how its values become bytes.

A state is declared as a TypedDict, a dataclass, a Pydantic model, or a bare (Annotated) type, which is a state of one
key, `__root__`. Types are taken apart key by key, since Pydantic refuses `typing.TypedDict` as a whole before Python
3.12.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import typing_extensions
from pydantic import BaseModel

from fastgraph.state.annotations import find_classes, metadata_of, unqualified
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.codecs import make_codec
from fastgraph.state.json_schema import describe_fields, describe_keys, describe_type
from fastgraph.state.payloads import PayloadParser, make_parser
from fastgraph.state.reducers import Reducer, find_reducer, start_value
from fastgraph.state.registry import TypeRegistry
from fastgraph.state.values import Codec, StoredValue

__all__ = ["BARE_KEYS", "RESULT", "ROOT", "KeySpec", "SchemaKind", "StateSchema", "input_json_schema"]

ROOT: Final = "__root__"
RESULT: Final = "__end__"
BARE_KEYS: Final = (ROOT, RESULT)
"""Keys whose value is a run's whole result: of a state that is one value, of a workflow that is a function."""


class SchemaKind(StrEnum):
    """How a state type is declared."""

    TYPED_DICT = "typed_dict"
    DATACLASS = "dataclass"
    MODEL = "model"
    ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One key. `declared` is its type with the metadata; `channel` and `managed` are named in that and win over a
    reducer. A managed value is computed for each task and never stored."""

    name: str
    declared: Any
    reducer: Reducer | None
    codec: Codec
    channel: Any = None
    managed: Any = None
    parser: PayloadParser | None = None

    def start_value(self) -> Any:
        """Return what a reducer begins with; MISSING where there is nothing."""
        return start_value(self.declared)

    def parse(self, value: Any) -> Any:
        """Return a client's JSON value as the key holds it. Raises Pydantic's ValidationError."""
        return value if self.parser is None else self.parser.parse(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSchema:
    """All keys of a state type, in the order they are declared."""

    type: Any
    kind: SchemaKind
    keys: Mapping[str, KeySpec] = field(default_factory=dict)
    managed: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_type(cls, declared: Any, *, registry: TypeRegistry = DEFAULT_REGISTRY) -> StateSchema:
        """Take a state type apart. Raises InvalidReducerError, a ValueError, for a reducer of the wrong arity, and
        NameError where an annotation names what does not exist."""
        kind = _kind_of(declared)
        hints = {ROOT: declared} if kind is SchemaKind.ROOT else dict(_hints_of(declared, kind))
        classes = list(dict.fromkeys(found for hint in hints.values() for found in find_classes(hint)))
        keys = {name: _make_key(name, hint, registry, classes) for name, hint in hints.items()}
        managed = {name: spec.managed for name, spec in keys.items() if spec.managed is not None}
        return cls(type=declared, kind=kind, keys=keys, managed=managed)

    def codec(self, key: str) -> Codec:
        """Return the codec of a key; KeyError where the type has no such key."""
        return self.keys[key].codec

    def read_as(self, values: Mapping[str, StoredValue], managed: Mapping[str, Any] | None = None) -> Any:
        """Make a node's input: a dict of the keys that have a value, an instance of the type, or the only value.

        `managed` are the managed values. What the user's type raises for values that do not fit surfaces as it is. User
        code for other types than dicts.
        """
        present = {key: values[key].fresh() for key in self.keys if key in values}
        if managed:
            present.update(managed)
        match self.kind:
            case SchemaKind.TYPED_DICT:
                return present
            case SchemaKind.ROOT:
                return present.get(ROOT)
            case SchemaKind.MODEL:
                return self.type.model_validate(present, by_alias=True, by_name=True)
            case _:
                return self.type(**present)

    def parse_payload(self, payload: Any) -> Any:
        """Return a client's JSON as the keys hold it: objects of models, datetimes; a model's aliases become its field
        names, and what the type does not have stays as it is. Raises Pydantic's ValidationError. User code."""
        if self.kind is SchemaKind.ROOT:
            return self.keys[ROOT].parse(payload)
        if not isinstance(payload, Mapping):
            return payload
        names: dict[str, str] = {}
        if self.kind is SchemaKind.MODEL:
            names.update(_aliases_of(self.type))
        parsed: dict[str, Any] = {}
        for given, value in payload.items():
            name: str = names[given] if given in names and given not in self.keys else given
            spec = self.keys.get(name)
            parsed[name] = value if spec is None else spec.parse(value)
        return parsed

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an input: keys of a TypedDict are never required, others as declared."""
        keys = {name: spec.declared for name, spec in self.keys.items() if spec.managed is None}
        if self.kind is SchemaKind.TYPED_DICT:
            return describe_keys(_class_of(self.type), keys)
        described = describe_type(self.type)
        if described is None and self.kind is SchemaKind.DATACLASS:
            return describe_fields(_class_of(self.type), keys)
        return described or {}


def input_json_schema(declared: Any) -> dict[str, Any]:
    """Return the JSON Schema of an input of a state type."""
    return StateSchema.from_type(declared).json_schema()


def _class_of(declared: Any) -> Any:
    """Return the class behind `State[int]`."""
    return typing.get_origin(declared) or declared


def _kind_of(declared: Any) -> SchemaKind:
    kind = _class_of(declared)
    if typing_extensions.is_typeddict(kind):
        return SchemaKind.TYPED_DICT
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return SchemaKind.MODEL
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return SchemaKind.DATACLASS
    return SchemaKind.ROOT


def _hints_of(declared: Any, kind: SchemaKind) -> Iterator[tuple[str, Any]]:
    state = _class_of(declared)
    try:
        hints = typing_extensions.get_type_hints(state, include_extras=True)
    except NameError as error:
        error.add_note(f"An annotation of {state.__qualname__} names it. Define it at the module's level.")
        raise
    names: Mapping[str, Any] = hints
    if kind is SchemaKind.MODEL:
        names = state.model_fields
    elif kind is SchemaKind.DATACLASS:
        names = {item.name: item for item in dataclasses.fields(state) if item.init}
    for name in names:
        yield name, hints[name]


def _aliases_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        for alias in (info.validation_alias, info.alias):
            if isinstance(alias, str):
                yield alias, name


def _make_key(name: str, hint: Any, registry: TypeRegistry, classes: list[type[Any]]) -> KeySpec:
    declared = unqualified(hint)
    metadata = metadata_of(declared)
    managed = next((item for item in metadata if _says(item, "is_managed_value")), None)
    channel = _make_channel(metadata, declared)
    where = f"key {name!r}"
    if channel is not None and not getattr(channel, "holds_its_type", False):
        # what is written to it and what it keeps are not of the declared type, which is what it shows
        inside = [*classes, *find_classes(getattr(channel, "typ", None))]
        return KeySpec(
            name=name,
            declared=declared,
            reducer=None,
            codec=make_codec(where, Any, registry, inside),
            channel=channel,
        )
    return KeySpec(
        name=name,
        declared=declared,
        reducer=find_reducer(name, metadata) if channel is None and managed is None else None,
        codec=make_codec(where, declared, registry, classes),
        channel=channel,
        managed=managed,
        parser=make_parser(where, declared),
    )


def _make_channel(metadata: tuple[Any, ...], declared: Any) -> Any:
    """Return the channel that the metadata names: an instance as it is, a class made for the annotated type."""
    channel = next((item for item in metadata if _says(item, "is_channel")), None)
    if channel is None:
        return None
    inner = unqualified(declared.__origin__)
    if isinstance(channel, type):
        return channel(inner)
    return channel.with_type(inner) if hasattr(channel, "with_type") else channel


def _says(item: Any, what: str) -> bool:
    """Channels and managed values live above this module, so they say themselves what they are."""
    return getattr(item, what, False) is True
