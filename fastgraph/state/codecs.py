"""Codecs: how values of one key become bytes and come back as what the key is declared to hold.

A key whose type is plain data only is never validated, as in LangGraph, where a TypedDict says and does not enforce. A key
with typed content (Pydantic models, dataclasses, enums, any other class) goes through Pydantic's `TypeAdapter`, so that
what comes back are real objects; a value that comes back as another one is refused at the step that wrote it.
"""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import types
import typing
import uuid
from typing import Any, Final

import typing_extensions
from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from fastgraph.errors import InvalidUpdateError
from fastgraph.state.plain import decode, encode
from fastgraph.state.values import Codec, PlainCodec

__all__ = ["TypedCodec", "is_plain_type", "make_codec", "stripped"]

_PLAIN_TYPES: Final = frozenset(
    {
        Any, object, None, type(None), bool, int, float, str, bytes, list, dict, tuple, set, frozenset,
        datetime.datetime, datetime.date, datetime.time, datetime.timedelta, uuid.UUID, decimal.Decimal,
    }
)  # fmt: skip
_PLAIN_CONTAINERS: Final = frozenset(
    {
        list, dict, tuple, set, frozenset,
        collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Mapping,
        collections.abc.MutableMapping, collections.abc.Set, collections.abc.MutableSet, collections.abc.Iterable,
    }
)  # fmt: skip
_COERCED: Final = frozenset({dict, list})  # plain data for a model is taken as the model
_WRAPPERS: Final = frozenset(
    {
        typing.Required, typing.NotRequired, typing_extensions.Required, typing_extensions.NotRequired,
        typing_extensions.ReadOnly, typing.ClassVar, typing.Final,
    }
)  # fmt: skip


class TypedCodec:
    """The codec of a key whose type has classes in it."""

    __slots__ = ("_adapter", "_declared", "where")

    def __init__(self, where: str, declared: Any, adapter: TypeAdapter[Any]) -> None:
        self.where = where
        self._declared = declared
        self._adapter = adapter

    def encode(self, value: Any) -> bytes:
        """Raises InvalidUpdateError where the value is not of the key's type, or comes back as another."""
        data = self._dump(value)
        try:
            read = self.decode(data)
        except ValidationError as error:
            raise InvalidUpdateError(
                f"{self.where} is declared as {_name(self._declared)} and was given a {type(value).__name__} that does not fit: "
                f"{error.errors()[0]['msg']}."
            ) from error
        again = self._dump(read)
        if read != value and again != data and not (type(value) in _COERCED and self.decode(again) == read):
            raise InvalidUpdateError(
                f"{self.where} is declared as {_name(self._declared)}; a {type(value).__name__} was written that comes back "
                f"as something else after it was stored. Declare the key as what it holds."
            )
        return again

    def decode(self, data: bytes) -> Any:
        return self._adapter.validate_python(decode(data))

    def _dump(self, value: Any) -> bytes:
        try:
            tree = self._adapter.dump_python(value, mode="python", warnings=False)
        except PydanticSerializationError:
            tree = value  # the border names what can't be stored, and where
        return encode(tree, where=self.where)


def make_codec(where: str, declared: Any) -> Codec:
    """Make the codec of a type; `where` begins its errors' sentences. A class that Pydantic knows nothing of counts as
    plain: if an instance of it is written, the JSON border says that it can't be stored."""
    if is_plain_type(declared):
        return PlainCodec(where)
    try:
        return TypedCodec(where, declared, TypeAdapter(declared))
    except PydanticUserError:
        return PlainCodec(where)


def stripped(declared: Any) -> Any:
    """Take Annotated, Required, NotRequired, ReadOnly and NewType off a type."""
    while True:
        origin = typing.get_origin(declared)
        if origin is typing.Annotated:
            declared = declared.__origin__
        elif origin in _WRAPPERS:
            declared = typing.get_args(declared)[0]
        elif isinstance(declared, typing.NewType):
            declared = declared.__supertype__
        else:
            return declared


def is_plain_type(declared: Any, _seen: frozenset[Any] = frozenset()) -> bool:
    """Say whether all values of a type are plain data that needs no class to come back."""
    declared = stripped(declared)
    if isinstance(declared, (str, typing.ForwardRef, typing.TypeVar)):
        return True
    try:
        if declared in _PLAIN_TYPES or declared in _PLAIN_CONTAINERS or declared in _seen:
            return True
    except TypeError:
        return False
    if typing_extensions.is_typeddict(declared):
        hints = typing_extensions.get_type_hints(declared, include_extras=True)
        return all(is_plain_type(hint, _seen | {declared}) for hint in hints.values())
    origin = typing.get_origin(declared)
    arguments = [argument for argument in typing.get_args(declared) if argument is not Ellipsis]
    if origin is typing.Literal:
        return all(type(argument) in {str, int, bool, bytes, type(None)} for argument in arguments)
    if origin in _PLAIN_CONTAINERS or origin in {typing.Union, types.UnionType}:
        return all(is_plain_type(argument, _seen) for argument in arguments)
    return False


def _name(declared: Any) -> str:
    return getattr(declared, "__name__", None) or str(declared)
