"""A value of the state as the machine carries it: decoded, with its encoded bytes where they are at hand.

The run goes on with the decoded value, so what is computed with is what is stored. Nobody is handed the value itself: up
to `FRESH_COPY_BYTES` a task gets a fresh decode, so that changing it in place can't leak and a diff sees it; a larger one
is copied at its top level only, because decoding a megabyte for every task would cost more than the task.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import orjson

from fastgraph.state.plain import decode, encode, revive

__all__ = ["FRESH_COPY_BYTES", "PLAIN", "Codec", "PlainCodec", "StoredValue"]

FRESH_COPY_BYTES: Final = 64 * 1024

_IMMUTABLE: Final = frozenset({str, int, float, bool, bytes, type(None)})


class Codec(Protocol):
    """Writes values of one key and reads them back. `decode(encode(v))` is what the run goes on with."""

    def encode(self, value: Any) -> bytes: ...

    def decode(self, data: bytes) -> Any: ...


class PlainCodec:
    """The codec of values that are plain data, whatever their type is declared as. `where` begins its errors' sentences."""

    __slots__ = ("where",)

    def __init__(self, where: str) -> None:
        self.where = where

    def encode(self, value: Any) -> bytes:
        return encode(value, where=self.where)

    def decode(self, data: bytes) -> Any:
        return decode(data)


PLAIN: Final[Codec] = PlainCodec("a value")


class StoredValue:
    """Immutable but for the bytes, which are encoded when first asked for. `size` is in bytes, encoded; for a large
    value that grew by parts it is the sum of the parts."""

    __slots__ = ("_codec", "_encoded", "size", "value")

    def __init__(self, value: Any, *, encoded: bytes | None, size: int | None = None, codec: Codec = PLAIN) -> None:
        assert encoded is not None or size is not None, "a value without bytes has a size at least"
        self.value = value
        self._encoded = encoded
        self._codec = codec
        self.size: int = len(encoded) if encoded is not None else size or 0

    @classmethod
    def of(cls, value: Any, codec: Codec = PLAIN) -> StoredValue:
        """Encode a value and go on with what comes back. Raises UnstorableValueError."""
        encoded = codec.encode(value)
        kept = value if type(value) in _IMMUTABLE else codec.decode(encoded)
        return cls(kept, encoded=encoded, codec=codec)

    @classmethod
    def read(cls, encoded: bytes, codec: Codec = PLAIN) -> StoredValue:
        """Read a value from its bytes. Raises what the codec's validators raise."""
        return cls(codec.decode(encoded), encoded=encoded, codec=codec)

    @classmethod
    def from_tree(cls, tree: Any, codec: Codec = PLAIN) -> StoredValue:
        """Read a value from a parsed JSON tree, tags and all; the tree is taken over."""
        encoded = orjson.dumps(tree)
        if codec is PLAIN:
            return cls(revive(tree), encoded=encoded)
        return cls.read(encoded, codec)

    @property
    def encoded(self) -> bytes | None:
        """The bytes, where they are at hand."""
        return self._encoded

    @property
    def codec(self) -> Codec:
        return self._codec

    def to_bytes(self) -> bytes:
        """The bytes, encoded now where they are not at hand."""
        if self._encoded is None:
            self._encoded = self._codec.encode(self.value)
        return self._encoded

    def fresh(self) -> Any:
        """A copy for somebody who may change it."""
        value = self.value
        kind = type(value)
        if kind in _IMMUTABLE:
            return value
        if self.size <= FRESH_COPY_BYTES:
            return self._codec.decode(self.to_bytes())
        if kind is list or kind is dict or kind is set:
            return kind(value)
        return self._codec.decode(self.to_bytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredValue) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return f"StoredValue({self.value!r})"
