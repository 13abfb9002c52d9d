"""A value of the state as the machine carries it: its encoded bytes, the decoded value, or both.

The run goes on with the decoded value, so what is computed with is what is stored. Nobody is handed the value itself: up
to `FRESH_COPY_BYTES` a task gets a fresh decode, so that changing it in place can't leak and a diff sees it; a larger one
is copied at its top level only, because decoding a megabyte for every task would cost more than the task. Up to that
size the bytes are always at hand; above it they are let go once the value is decoded.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Final, Protocol

import orjson

from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.plain import decode, encode, holds_tag
from fastgraph.state.registry import TypeRegistry

__all__ = [
    "FRESH_COPY_BYTES",
    "PLAIN",
    "Codec",
    "PlainCodec",
    "StoredValue",
    "StrictCodec",
    "is_strict_codec",
    "starts_tagged",
]

FRESH_COPY_BYTES: Final = 64 * 1024

_IMMUTABLE: Final = frozenset({str, int, float, bool, bytes, type(None)})
_TAGGED: Final = b'{"$type":'
_NOT_DECODED: Final[Any] = object()


class Codec(Protocol):
    """Writes values of one key and reads them back. `decode(encode(v))` is what the run goes on with."""

    def encode(self, value: Any) -> bytes: ...

    def decode(self, data: bytes) -> Any: ...


class PlainCodec:
    """The codec of values that are plain data, whatever their type is declared as. `where` begins its errors' sentences."""

    __slots__ = ("registry", "where")

    def __init__(self, where: str, registry: TypeRegistry = DEFAULT_REGISTRY) -> None:
        self.where = where
        self.registry = registry

    def encode(self, value: Any) -> bytes:
        return encode(value, where=self.where, registry=self.registry)

    def decode(self, data: bytes) -> Any:
        return decode(data, registry=self.registry)


class StrictCodec:
    """Another codec, whose values are copied whole for each reader and compared to the byte at any size."""

    __slots__ = ("_codec",)

    is_strict: ClassVar[bool] = True

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def encode(self, value: Any) -> bytes:
        return self._codec.encode(value)

    def decode(self, data: bytes) -> Any:
        return self._codec.decode(data)


def is_strict_codec(codec: Codec) -> bool:
    """Say whether the values of a codec are carried strictly."""
    return getattr(codec, "is_strict", False)


PLAIN: Final[Codec] = PlainCodec("a value")


class StoredValue:
    """Immutable to the outside; decodes and encodes when first asked for. Any thread may use it.

    `size` is that of the encoded bytes. Equal means equal bytes.
    """

    __slots__ = ("_encoded", "_is_whole", "_value", "codec", "is_tagged", "size")

    is_tracked: ClassVar[bool] = True
    """Whether it is to be stored with the state; see `held.HeldValue`."""

    def __init__(
        self,
        value: Any,
        *,
        encoded: bytes | None,
        size: int = 0,
        codec: Codec = PLAIN,
        is_strict: bool = False,
    ) -> None:
        self.codec = codec
        self.size: int = size if encoded is None else len(encoded)
        self.is_tagged: bool = encoded is not None and starts_tagged(encoded)
        """Whether the bytes are a tag with a value, so that what is inside can't grow by parts."""
        self._is_whole = is_strict or self.size <= FRESH_COPY_BYTES or is_strict_codec(codec)
        self._value = value
        self._encoded = encoded
        if encoded is None and self._is_whole:
            self._encoded = codec.encode(value)

    @classmethod
    def of(
        cls, value: Any, codec: Codec = PLAIN, *, is_ours: bool = False, is_strict: bool = False
    ) -> StoredValue:
        """Encode a value and go on with what comes back. Raises UnstorableValueError.

        With `is_ours` nobody else holds the value, so it is kept itself. A strict one is copied whole at any size.
        """
        kept = value if is_ours or type(value) in _IMMUTABLE else _NOT_DECODED
        return cls(kept, encoded=codec.encode(value), codec=codec, is_strict=is_strict)

    @classmethod
    def read(cls, encoded: bytes, codec: Codec = PLAIN) -> StoredValue:
        """Take a value's bytes. Raises at once what reading them raises: UnreadableValueError, or what validators do."""
        if type(codec) is PlainCodec and not holds_tag(encoded):
            return cls(_NOT_DECODED, encoded=encoded, codec=codec)
        return cls(codec.decode(encoded), encoded=encoded, codec=codec)

    @classmethod
    def from_tree(cls, tree: Any, codec: Codec = PLAIN) -> StoredValue:
        """Read a value from a parsed JSON tree, tags and all."""
        return cls.read(orjson.dumps(tree), codec)

    @property
    def value(self) -> Any:
        """The decoded value: to be looked at, never to be changed or handed to user code that might."""
        value = self._value
        if value is _NOT_DECODED:
            encoded = self._encoded
            if encoded is None:  # another thread decoded it just now
                return self._value
            value = self._value = self.codec.decode(encoded)
            if not self._is_whole:
                self._encoded = None
        return value

    @property
    def encoded(self) -> bytes | None:
        """The bytes, where they are at hand; always up to FRESH_COPY_BYTES."""
        return self._encoded

    def to_bytes(self) -> bytes:
        """The bytes, encoded now where they are not at hand."""
        encoded = self._encoded
        return self.codec.encode(self._value) if encoded is None else encoded

    def fresh(self) -> Any:
        """Return a copy for somebody who may change it."""
        value = self._value
        if type(value) in _IMMUTABLE:
            return value
        if not self._is_whole:
            return _shallow_copy(self.value)
        value = self.codec.decode(self.to_bytes())
        if type(value) in _IMMUTABLE:
            self._value = value
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredValue) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return f"StoredValue({self.value!r})"


def starts_tagged(encoded: bytes) -> bool:
    """Say whether bytes are a tag with a value as a whole; `plain` writes no other object that begins so."""
    return encoded.startswith(_TAGGED)


def _shallow_copy(value: Any) -> Any:
    kind = type(value)
    if kind in _IMMUTABLE or kind is tuple or kind is frozenset:
        return value
    return kind(value) if kind is list or kind is dict or kind is set else copy.copy(value)
