"""`InMemoryCache`: results of nodes kept in this process, until it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from fastgraph.cache.base import BaseCache, FullKey, Namespace, Serializer, ValueT
from fastgraph.clock import Clock, SystemClock

__all__ = ["InMemoryCache"]


class InMemoryCache(BaseCache[ValueT]):
    """Keeps values encoded, so that nobody changes what another one gets. It grows with what is put in: give a ttl."""

    def __init__(self, *, serde: Serializer | None = None, clock: Clock | None = None) -> None:
        super().__init__(serde=serde)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._kept: dict[Namespace, dict[str, tuple[str, bytes, float | None]]] = {}

    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Return the values of those keys that have one; what is too old is dropped."""
        now = self._clock.now().timestamp()
        found: dict[FullKey, tuple[str, bytes]] = {}
        with self._lock:
            for namespace, key in keys:
                space = self._kept.get(namespace, {})
                if key not in space:
                    continue
                encoding, data, ends_at = space[key]
                if ends_at is None or now < ends_at:
                    found[namespace, key] = (encoding, data)
                else:
                    del space[key]
        return {key: self.serde.loads_typed(typed) for key, typed in found.items()}

    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Do what `get` does; it never waits."""
        return self.get(keys)

    def set(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Keep values. Raises UnstorableValueError for what is no plain data."""
        now = self._clock.now().timestamp()
        encoded = {key: (self.serde.dumps_typed(value), ttl) for key, (value, ttl) in pairs.items()}
        with self._lock:
            for (namespace, key), ((encoding, data), ttl) in encoded.items():
                ends_at = None if ttl is None else now + ttl
                self._kept.setdefault(namespace, {})[key] = (encoding, data, ends_at)

    async def aset(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Do what `set` does; it never waits."""
        self.set(pairs)

    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Forget what is kept in these namespaces, or everything."""
        with self._lock:
            for namespace in list(self._kept) if namespaces is None else namespaces:
                self._kept.pop(tuple(namespace), None)

    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Do what `clear` does; it never waits."""
        self.clear(namespaces)
