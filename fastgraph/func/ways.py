"""The two ways in which a functional task is executed: in a thread of its own, or on its workflow's loop.

The task itself is written once, as a coroutine; in a thread nothing in it ever suspends, so it is driven without a loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol

from fastgraph.cache.base import BaseCache, FullKey

__all__ = ["IN_THREAD", "ON_LOOP", "Way"]


class Way(Protocol):
    """How a call waits and runs sync code: in its own thread, or on the loop."""

    @property
    def run_sync(self) -> Callable[..., Awaitable[Any]] | None:
        """What runs a sync function off the loop; None where it may run right here."""
        ...

    async def wait(self, seconds: float) -> None: ...

    async def wait_for(self, done: Future[None] | None) -> None: ...

    async def get(self, cache: BaseCache[Any] | None, place: FullKey) -> bytes | None: ...

    async def set(
        self,
        cache: BaseCache[Any] | None,
        place: FullKey,
        data: bytes,
        ttl: float | None,
    ) -> None: ...


class _InThread:
    """Coroutines that never suspend: `drive` runs them without a loop."""

    @property
    def run_sync(self) -> None:
        """Sync code runs right here."""

    async def wait(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - no loop runs this coroutine

    async def wait_for(self, done: Future[None] | None) -> None:
        if done is not None:
            done.result()

    async def get(self, cache: BaseCache[Any] | None, place: FullKey) -> bytes | None:
        found = cache.get([place]).get(place) if cache else None
        return None if found is None else found.encode()

    async def set(
        self,
        cache: BaseCache[Any] | None,
        place: FullKey,
        data: bytes,
        ttl: float | None,
    ) -> None:
        if cache:
            cache.set({place: (data.decode(), ttl)})


class _OnLoop:
    """On the loop of the task around."""

    @property
    def run_sync(self) -> Callable[..., Awaitable[Any]]:
        return asyncio.to_thread

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait_for(self, done: Future[None] | None) -> None:
        if done is not None:
            await asyncio.wrap_future(done)

    async def get(self, cache: BaseCache[Any] | None, place: FullKey) -> bytes | None:
        found = (await cache.aget([place])).get(place) if cache else None
        return None if found is None else found.encode()

    async def set(
        self,
        cache: BaseCache[Any] | None,
        place: FullKey,
        data: bytes,
        ttl: float | None,
    ) -> None:
        if cache:
            await cache.aset({place: (data.decode(), ttl)})


IN_THREAD: Way = _InThread()
ON_LOOP: Way = _OnLoop()
