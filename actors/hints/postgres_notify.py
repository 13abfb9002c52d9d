"""Hints between machines: PostgreSQL's NOTIFY, one a batch, payload of ids only.

The connection listens and notifies, and is made anew for ever when it is lost. NOTIFY takes a lock of the whole server at
commit and is lost with the connection; both are fine for a hint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import psycopg
import structlog

from actors.hints.hints import Hint, HintListener, decode_hints, encode_hints
from actors.hints.listeners import Listeners
from actors.runtime.loop_bridge import LoopBridge

__all__ = ["PostgresHints"]

CHANNEL = "fastgraph_hints"
RECONNECT_SECONDS = 1.0
GATHER_SECONDS = 0.002
WAITING_HINTS = 1_000

log = structlog.get_logger(__name__)


class PostgresHints:
    """Implements `HintBus` over a database; `conninfo` is libpq's."""

    def __init__(self, conninfo: str, *, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._conninfo = conninfo
        self._name = name
        self._loop = loop
        self._listeners = Listeners(loop)
        self._bridge = LoopBridge(loop)
        self._waiting: dict[Hint, None] = {}
        self._has_waiting = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def subscribe(self, listener: HintListener) -> Callable[[], None]:
        """Hear hints from now on; the answer ends that."""
        return self._listeners.add(listener)

    async def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._tasks = [
            self._loop.create_task(self._for_ever(self._listen)),
            self._loop.create_task(self._for_ever(self._notify)),
        ]

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell the listeners here now and the other processes soon. Any thread."""
        told = tuple(hints)
        self._listeners.tell(told)
        self._bridge.post(self._wait, told)

    def _wait(self, hints: tuple[Hint, ...]) -> None:
        for hint in hints:
            if len(self._waiting) < WAITING_HINTS:
                self._waiting[hint] = None
        self._has_waiting.set()

    async def _for_ever(self, work: Callable[[psycopg.AsyncConnection[tuple[object, ...]]], object]) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
                async with connection:
                    await work(connection)  # type: ignore[misc]  # both are coroutine functions
            except psycopg.Error as error:
                log.warning("hints: connection lost, polling goes on meanwhile", error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        async for notice in connection.notifies():
            sender, _, message = notice.payload.partition(" ")
            if sender != self._name:
                self._listeners.tell(decode_hints(message.encode()))

    async def _notify(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            await self._has_waiting.wait()
            with suppress(TimeoutError):
                await asyncio.sleep(GATHER_SECONDS)
            self._has_waiting.clear()
            waiting, self._waiting = self._waiting, {}
            for message in encode_hints(waiting):
                await connection.execute(
                    "SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._name} {message.decode()}")
                )
