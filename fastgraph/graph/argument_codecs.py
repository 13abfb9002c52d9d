"""Codecs for what is no value of a key: an Overwrite of a typed key, and a Send's argument.

Both are written so that what is typed inside comes back as what it was, without importing anything by a stored name: the
node that an argument goes to says which types may stand in it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.codecs import make_codec
from fastgraph.state.overwrite import Overwrite
from fastgraph.state.plain import TAG, decode, encode, loads, revive
from fastgraph.state.registry import TypeRegistry
from fastgraph.state.schema import SchemaKind, StateSchema
from fastgraph.state.values import Codec, PlainCodec

__all__ = ["ArgumentCodec", "OverwriteCodec"]

_OVERWRITE: Final = b'{"$type":"overwrite","value":'
_STATE: Final = "state"


class OverwriteCodec:
    """The codec of an Overwrite: its value is encoded as the key's."""

    __slots__ = ("_codec",)

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    @staticmethod
    def is_one(data: bytes) -> bool:
        """Say whether bytes are an Overwrite's."""
        return data.startswith(_OVERWRITE)

    def encode(self, value: Any) -> bytes:
        return b"%b%b}" % (_OVERWRITE, self._codec.encode(value.value))

    def decode(self, data: bytes) -> Any:
        return Overwrite(self._codec.decode(data[len(_OVERWRITE) : -1]))


class ArgumentCodec:
    """The codec of arguments for one node.

    An instance of the node's input type is written as one; in a dict, the keys that the type declares are written under
    their types; anything else is plain data.
    """

    __slots__ = ("_registry", "_schema", "_typed", "_whole", "where")

    def __init__(self, where: str, schema: StateSchema, registry: TypeRegistry = DEFAULT_REGISTRY) -> None:
        self.where = where
        self._registry = registry
        self._schema = schema
        self._typed = {
            name: spec.codec for name, spec in schema.keys.items() if not isinstance(spec.codec, PlainCodec)
        }
        is_class = schema.kind in (SchemaKind.DATACLASS, SchemaKind.MODEL)
        self._whole: Codec | None = make_codec(where, schema.type, registry) if is_class else None

    def encode(self, value: Any) -> bytes:
        if self._whole is not None and type(value) is self._schema.type:
            return b'{"$type":"state","value":%b}' % self._whole.encode(value)
        if type(value) is dict and not self._typed.keys().isdisjoint(value) and TAG not in value:
            parts = {
                key: orjson.Fragment(
                    self._typed[key].encode(item)
                    if key in self._typed
                    else encode(item, where=self.where, registry=self._registry)
                )
                for key, item in value.items()
            }
            return orjson.dumps(parts)
        return encode(value, where=self.where, registry=self._registry)

    def decode(self, data: bytes) -> Any:
        if self._whole is None and not self._typed:
            return decode(data, registry=self._registry)
        tree = loads(data)
        if type(tree) is not dict:
            return revive(tree, registry=self._registry)
        if tree.get(TAG) == _STATE and self._whole is not None:
            return self._whole.decode(orjson.dumps(tree["value"]))
        if TAG in tree:
            return revive(tree, registry=self._registry)
        return {
            key: self._typed[key].decode(orjson.dumps(item))
            if key in self._typed
            else revive(item, registry=self._registry)
            for key, item in tree.items()
        }
