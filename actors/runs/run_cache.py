"""The server's cache as what is nested in a task finds it: nodes of graphs inside a node, and functional tasks.

The same rows as the workflow's top-level nodes use. It is read by a query at once and written with what the task says next,
so whatever is there was durable as a result. Any thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from fastgraph.cache.base import BaseCache, FullKey, Namespace
from fastgraph.clock import Clock
from fastgraph.database.records import CacheRow
from fastgraph.errors import StoreError
from fastgraph.execution.tasks import CacheEntry

__all__ = ["RunCache"]


class RunCache(BaseCache[str]):
    """`find` looks a result up and blocks for the time of a query, `keep` hands a row to the run."""

    def __init__(
        self, find: Callable[[CacheEntry], bytes | None], keep: Callable[[CacheRow], None], clock: Clock
    ) -> None:
        super().__init__()
        self._find = find
        self._keep = keep
        self._clock = clock

    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, str]:
        """Return what is still good."""
        found = {key: self._find(CacheEntry(*key, None)) for key in keys}
        return {key: value.decode() for key, value in found.items() if value is not None}

    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, str]:
        """Do what `get` does, in a thread."""
        return await asyncio.to_thread(self.get, keys)

    def set(self, pairs: Mapping[FullKey, tuple[str, float | None]]) -> None:
        """Hand results to the run; they are there once its next commit is."""
        now = self._clock.now()
        for (namespace, key), (value, ttl) in pairs.items():
            self._keep(
                CacheRow(
                    namespace=namespace,
                    key=key,
                    value=value.encode(),
                    expires_at=None if ttl is None else now + timedelta(seconds=ttl),
                )
            )

    async def aset(self, pairs: Mapping[FullKey, tuple[str, float | None]]) -> None:
        """Do what `set` does."""
        self.set(pairs)

    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """A task can't; raises StoreError."""
        raise StoreError(
            f"A task asked to clear {namespaces or 'all'} of the server's cache, which other runs use. "
            "Clear it from outside: fastgraph workflows clear-cache <name>."
        )

    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """A task can't; raises StoreError."""
        self.clear(namespaces)
