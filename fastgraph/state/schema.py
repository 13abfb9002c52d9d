"""The keys of a state type: what each holds, how writes fold into it, how its values become bytes.

A state is declared as a TypedDict, a dataclass, a Pydantic model, or a bare (Annotated) type, which is a state of one key,
`__root__`. Types are taken apart key by key, since Pydantic refuses `typing.TypedDict` as a whole before Python 3.12.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import typing_extensions
from pydantic import BaseModel, PydanticUserError, TypeAdapter

from fastgraph.state.codecs import make_codec, stripped
from fastgraph.state.reducers import Reducer, find_reducer, start_value
from fastgraph.state.values import Codec, StoredValue

__all__ = ["ROOT", "KeySpec", "SchemaKind", "StateSchema"]

ROOT: Final = "__root__"
_REF_TEMPLATE: Final = "#/$defs/{model}"


class SchemaKind(StrEnum):
    """How a state type is declared."""

    TYPED_DICT = "typed_dict"
    DATACLASS = "dataclass"
    MODEL = "model"
    ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One key. `declared` is its type as written; `channel` a channel named in its metadata, which wins over a reducer."""

    name: str
    declared: Any
    reducer: Reducer | None
    codec: Codec
    channel: Any = None

    def start_value(self) -> Any:
        """What a reducer begins with; MISSING where there is nothing."""
        return start_value(self.declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSchema:
    """All keys of a state type, in the order they are declared."""

    type: Any
    kind: SchemaKind
    keys: Mapping[str, KeySpec] = field(default_factory=dict)

    @classmethod
    def from_type(cls, declared: Any) -> StateSchema:
        """Take a state type apart. Raises ValueError for a reducer of the wrong arity."""
        kind = _kind_of(declared)
        hints = {ROOT: declared} if kind is SchemaKind.ROOT else _hints_of(declared)
        return cls(type=declared, kind=kind, keys={name: _make_key(name, hint) for name, hint in hints.items()})

    def codec(self, key: str) -> Codec:
        """The codec of a key; KeyError where the type has no such key."""
        return self.keys[key].codec

    def read_as(self, values: Mapping[str, StoredValue]) -> Any:
        """Make a node's input: a dict of the keys that have a value, an instance of the type, or the only value.

        What the user's type raises for values that do not fit surfaces as it is. User code for other types than dicts.
        """
        present = {key: values[key].fresh() for key in self.keys if key in values}
        match self.kind:
            case SchemaKind.TYPED_DICT:
                return present
            case SchemaKind.ROOT:
                return present.get(ROOT)
            case _:
                return self.type(**present)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an input: keys of a TypedDict are never required, others as declared."""
        if self.kind is not SchemaKind.TYPED_DICT:
            return _schema_of(stripped(self.type))
        properties: dict[str, Any] = {}
        definitions: dict[str, Any] = {}
        for name, spec in self.keys.items():
            schema = _schema_of(spec.declared)
            definitions |= schema.pop("$defs", {})
            properties[name] = {"title": name.replace("_", " ").capitalize(), **schema}
        result: dict[str, Any] = {"type": "object", "title": self.type.__name__, "properties": properties}
        if description := _own_doc(self.type):
            result["description"] = description
        return result | ({"$defs": definitions} if definitions else {})


def _kind_of(declared: Any) -> SchemaKind:
    if typing_extensions.is_typeddict(declared):
        return SchemaKind.TYPED_DICT
    if isinstance(declared, type) and issubclass(declared, BaseModel):
        return SchemaKind.MODEL
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return SchemaKind.DATACLASS
    return SchemaKind.ROOT


@functools.lru_cache(maxsize=256)
def _hints_of(declared: Any) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(declared, include_extras=True)
    if issubclass(declared, BaseModel):
        return {name: hints[name] for name in declared.model_fields}
    if dataclasses.is_dataclass(declared):
        return {item.name: hints[item.name] for item in dataclasses.fields(declared) if item.init}
    return hints


def _make_key(name: str, hint: Any) -> KeySpec:
    metadata = _metadata_of(hint)
    channel = next((item for item in metadata if _is_channel(item)), None)
    return KeySpec(
        name=name,
        declared=stripped(hint),
        reducer=None if channel is not None else find_reducer(metadata),
        codec=make_codec(f"key {name!r}", stripped(hint)),
        channel=channel,
    )


def _metadata_of(hint: Any) -> tuple[Any, ...]:
    """The metadata of an Annotated, also below Required and NotRequired."""
    while typing.get_origin(hint) in {typing_extensions.Required, typing_extensions.NotRequired}:
        hint = typing.get_args(hint)[0]
    return tuple(getattr(hint, "__metadata__", ()))


def _is_channel(item: Any) -> bool:
    """A channel says so itself (`is_channel`), since channels live above this module."""
    return getattr(item, "is_channel", False) is True


def _schema_of(declared: Any) -> dict[str, Any]:
    try:
        return TypeAdapter(declared).json_schema(ref_template=_REF_TEMPLATE)
    except PydanticUserError:
        return {}  # typing.TypedDict inside, or a class that Pydantic does not know: anything may come


def _own_doc(declared: Any) -> str:
    doc = declared.__doc__ or ""
    return "" if doc.startswith("dict(") else doc.strip()
