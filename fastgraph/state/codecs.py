"""Codecs: how values of one key become bytes and come back as what they were.

A key whose type is plain data only is never validated, as in LangGraph, where a TypedDict says and does not enforce. A
key with typed content (models, dataclasses, enums, any class that Pydantic knows) is written as plain JSON through its
`TypeAdapter`, and every write is read back at once: what is not the same then is never stored as if it were. Such a
value, and one of another type than declared (a dict for a model, which LangGraph lets pass), is kept as it is, under a
tag; if that can't be done either, the write is refused by key and type.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any, Final

import orjson
from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from fastgraph.errors import UnstorableValueError
from fastgraph.state import plain
from fastgraph.state.annotations import find_classes, for_pydantic, is_plain_type, stripped
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.classes import with_classes
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.registry import TypeEntry, TypeRegistry
from fastgraph.state.sameness import is_same
from fastgraph.state.values import Codec, PlainCodec

__all__ = ["TypedCodec", "is_plain_type", "make_codec", "stripped"]

_AS_IS: Final = b'{"$type":"as-is","value":'
_DOES_NOT_FIT: Final = (
    PydanticSerializationError,
    ValidationError,
    UnstorableValueError,
    UnreadableValueError,
)


def make_codec(
    where: str, declared: Any, registry: TypeRegistry = DEFAULT_REGISTRY, classes: Sequence[type[Any]] = ()
) -> Codec:
    """Make the codec of a type; `where` begins its errors' sentences ("key 'tags'").

    `classes` are the user's that may turn up although the type does not name them: those of the state's other keys.
    """
    if is_plain_type(declared, registry):
        return PlainCodec(where, with_classes(registry, classes))
    return TypedCodec(where, declared, registry, classes)


class TypedCodec:
    """The codec of a key whose type has classes in it. Thread-safe; runs the validators of the user's classes.

    Pydantic's adapter is built when it is first needed, since that takes milliseconds. A type that Pydantic does not
    know has none; then only what the registry holds can be stored.
    """

    __slots__ = ("_adapters", "_by_position", "_declared", "_item", "_registry", "where")

    def __init__(
        self,
        where: str,
        declared: Any,
        registry: TypeRegistry = DEFAULT_REGISTRY,
        classes: Sequence[type[Any]] = (),
    ) -> None:
        self.where = where
        self._declared = declared
        self._registry = with_classes(registry, dict.fromkeys((*find_classes(declared), *classes)))
        self._by_position = registry.with_family(_Bare())
        self._adapters: tuple[TypeAdapter[Any] | None, ...] = ()
        self._item = _item_codec(where, declared, registry, classes)

    def encode(self, value: Any) -> bytes:
        """Return a value's bytes. Raises UnstorableValueError where it could not come back as it is."""
        return self._encode_typed(value) or self._encode_by_item(value) or self._encode_as_is(value)

    def decode(self, data: bytes) -> Any:
        """Return the value of stored bytes. Raises Pydantic's ValidationError where the type is another one by now."""
        if data.startswith(_AS_IS):
            return plain.decode(data[len(_AS_IS) : -1], registry=self._registry)
        if self._item is not None and (_AS_IS in data or self._adapter() is None):
            return _decode_by_item(data, self._item)
        return self._read(data)

    def _adapter(self) -> TypeAdapter[Any] | None:
        if not self._adapters:
            try:
                self._adapters = (TypeAdapter(for_pydantic(self._declared)),)
            except (PydanticUserError, NameError):
                self._adapters = (None,)
        return self._adapters[0]

    def _encode_typed(self, value: Any) -> bytes | None:
        """Return the bytes under the declared type; None where the value is another one, or would come back so."""
        adapter = self._adapter()
        if adapter is None:
            return None
        try:
            tree = adapter.dump_python(value, by_alias=False, exclude_computed_fields=True, warnings="error")
            data = plain.encode(tree, where=self.where, registry=self._by_position)
            return data if is_same(self._read(data), value) else None
        except _DOES_NOT_FIT:
            return None

    def _read(self, data: bytes) -> Any:
        tree = plain.decode(data, registry=self._by_position)
        adapter = self._adapter()
        if adapter is None:
            raise UnreadableValueError(
                f"{self.where} was written as {stripped(self._declared)}, which Pydantic does not know any more",
                "Declare the key as it was.",
            )
        return adapter.validate_python(tree, by_alias=False, by_name=True)

    def _encode_by_item(self, value: Any) -> bytes | None:
        """Encode the items of a list or dict one by one, so that one odd item does not keep it from growing by parts."""
        if self._item is None or type(value) is not typing.get_origin(stripped(self._declared)):
            return None
        if type(value) is list:
            return b"[" + b",".join([self._item.encode(item) for item in value]) + b"]"
        if plain.TAG not in value and all(type(key) is str for key in value):
            pairs = [
                plain.encode(key, where=self.where) + b":" + self._item.encode(item)
                for key, item in value.items()
            ]
            return b"{" + b",".join(pairs) + b"}"
        return None

    def _encode_as_is(self, value: Any) -> bytes:
        data = plain.encode(value, where=self.where, registry=self._registry)
        if not is_same(plain.decode(data, registry=self._registry), value):
            raise UnstorableValueError(
                self.where,
                type(value).__qualname__,
                "It would come back as something else. Keep what counts in its fields, or register the type.",
            )
        return _AS_IS + data + b"}"


def _item_codec(
    where: str, declared: Any, registry: TypeRegistry, classes: Sequence[type[Any]]
) -> TypedCodec | None:
    """The codec of a list's items or of a dict's values, where the type says what they are."""
    declared = stripped(declared)
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin is list:
        return TypedCodec(f"{where}, an item", arguments[0], registry, classes)
    if origin is dict and stripped(arguments[0]) is str:
        return TypedCodec(f"{where}, an entry", arguments[1], registry, classes)
    return None


def _decode_by_item(data: bytes, item: TypedCodec) -> Any:
    tree = plain.loads(data)
    if type(tree) is list:
        return [item.decode(orjson.dumps(part)) for part in tree]
    return {key: item.decode(orjson.dumps(part)) for key, part in tree.items()}


class _Bare:
    """Writes what only Pydantic knows (an enum, a path, a URL) as its JSON, without a tag: the declared type makes it
    real again, and reading it back at once shows whether it does."""

    def find(self, value: Any) -> TypeEntry | None:
        return TypeEntry(None, type(value), _to_json, _never)

    def find_tag(self, tag: str) -> TypeEntry | None:  # noqa: ARG002 - it writes none
        return None


def _to_json(value: Any) -> Any:
    tree = to_jsonable_python(value)
    if type(tree) is type(value):
        raise TypeError("Pydantic has no JSON for it.")
    return tree


def _never(_: Any) -> Any:
    raise TypeError("what was written bare is read by its place")
