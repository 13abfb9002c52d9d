"""Hints between machines: PostgreSQL's NOTIFY, one a batch, payload of ids only.

Two connections, one that listens and one that notifies, are made anew for ever when they are lost; hints of that time
are lost with them, and whoever listens is told to look for work when the listening one is back. NOTIFY takes a lock of
the whole server at commit, so hints are gathered for some milliseconds. It does not work behind a pooler in transaction
mode: then the polls do everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import psycopg
import structlog

from actors.hints.hints import Hint, HintKind, HintListener, decode_hints, encode_hints
from actors.hints.listeners import Listeners
from actors.runtime.loop_bridge import LoopBridge

__all__ = ["CHANNEL", "WAITING_HINTS", "PostgresHints"]

CHANNEL = "fastgraph_hints"
RECONNECT_SECONDS = 1.0
GATHER_SECONDS = 0.002
WAITING_HINTS = 1_000  # more are lost, as while the server is away

# A server that vanished without a word is noticed within half a minute, not after the two hours of TCP's default.
CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "fastgraph hints",
}

log = structlog.get_logger(__name__)

Connection: TypeAlias = "psycopg.AsyncConnection[tuple[Any, ...]]"


class PostgresHints:
    """Implements `HintBus` over a database. `conninfo` is libpq's; `name` tells this process from the others."""

    def __init__(self, conninfo: str, *, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._conninfo = conninfo
        self._name = name
        self._loop = loop
        self._listeners = Listeners(loop)
        self._bridge = LoopBridge(loop)
        self._waiting: dict[Hint, None] = {}
        self._has_waiting = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_listening = False

    def subscribe(self, listener: HintListener) -> Callable[[], None]:
        """Hear hints from now on; the answer ends that."""
        return self._listeners.add(listener)

    async def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost. Raises nothing where there is none."""
        self._tasks = [
            self._loop.create_task(self._for_ever(self._listen), name="hints: listen"),
            self._loop.create_task(self._for_ever(self._notify), name="hints: notify"),
        ]

    async def stop(self) -> None:
        """Listen and notify no more. Does nothing the second time."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell the listeners here now and the other processes soon. Any thread; never blocks, never raises."""
        told = tuple(hints)
        self._listeners.tell(told)
        self._bridge.post(self._wait, told)

    def _wait(self, hints: tuple[Hint, ...]) -> None:
        for hint in hints:
            if len(self._waiting) < WAITING_HINTS:
                self._waiting[hint] = None
        self._has_waiting.set()

    async def _for_ever(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        is_known = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, **CONNECTION
                ) as connection:
                    is_known = False
                    await work(connection)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next connection may be better
                if not is_known:  # once an outage, not once a second
                    log.warning("hints: connection lost, polling goes on meanwhile", error=str(error))
                    is_known = True
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, connection: Connection) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        self.is_listening = True
        try:
            self._listeners.tell((Hint(HintKind.WORK),))  # hints were lost until now
            async for notice in connection.notifies():
                sender, _, message = notice.payload.partition(" ")
                if sender != self._name:
                    self._listeners.tell(decode_hints(message.encode()))
        finally:
            self.is_listening = False

    async def _notify(self, connection: Connection) -> None:
        while True:
            await self._has_waiting.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._has_waiting.clear()
            waiting, self._waiting = self._waiting, {}
            for message in encode_hints(waiting):
                await connection.execute(
                    "SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._name} {message.decode()}")
                )
