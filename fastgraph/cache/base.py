"""`BaseCache`: what a cache of node results can do, and how its values are written down.

A key is a namespace (a node's) and a text in it; a value is plain data with a time to live in seconds, or None. A cache may
forget at any time: whoever asks it goes on without. Values are kept as tagged JSON, so nothing is unpickled or imported to
read them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from fastgraph.state.plain import decode, encode

__all__ = ["BaseCache", "FullKey", "Namespace", "PlainSerializer", "Serializer", "ValueT"]

ValueT = TypeVar("ValueT")
Namespace = tuple[str, ...]
FullKey = tuple[Namespace, str]


class Serializer(Protocol):
    """Turns values into a type's name and bytes, and back."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return the name of the encoding and the encoded value."""
        ...

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The inverse."""
        ...


class PlainSerializer:
    """Tagged JSON: plain data, and what has a registered codec."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Encode a value. Raises UnstorableValueError naming the type that is no plain data."""
        return "json", encode(obj, where="a cached value")

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Decode a value. Raises ValueError for another encoding than ours."""
        if data[0] != "json":
            raise ValueError(
                f"A cached value is encoded as {data[0]!r}; this cache reads 'json'. Clear the cache."
            )
        return decode(data[1])


class BaseCache(ABC, Generic[ValueT]):
    """A cache, to be subclassed. Thread-safe; the async methods do what their namesakes do."""

    serde: Serializer = PlainSerializer()

    def __init__(self, *, serde: Serializer | None = None) -> None:
        self.serde = serde or self.serde

    @abstractmethod
    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Return the values of those keys that have one which is still good."""

    @abstractmethod
    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Do what `get` does."""

    @abstractmethod
    def set(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Keep values, each with the seconds that it is good for (None: for ever)."""

    @abstractmethod
    async def aset(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Do what `set` does."""

    @abstractmethod
    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Forget what is kept in these namespaces, or everything."""

    @abstractmethod
    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Do what `clear` does."""
