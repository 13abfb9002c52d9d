"""What an API process does beside its requests: it ends runs whose cancel nobody obeys, so that a cancel works also where no
host is left; and it pauses the server before the first host starts, where it was started paused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pykka
import structlog
from sqlalchemy.exc import SQLAlchemyError

from actors.runtime.errors import InboxFullError
from actors.timekeeper.cancelling import end_cancelled
from actors.writer.client import WriterClient
from fastgraph.clock import Clock
from fastgraph.database.control_records import Audited, AuditNote, SetPause
from fastgraph.database.store import Store
from fastgraph.errors import StoreError
from fastgraph.settings import Settings

__all__ = ["ending_cancelled", "pause_at_start"]

WHO = "settings"
_REASON = "The server was started paused."

log = structlog.get_logger("api.background")


@asynccontextmanager
async def ending_cancelled(
    store: Store, writer: WriterClient, *, clock: Clock, settings: Settings
) -> AsyncIterator[None]:
    """Look for unheeded cancels every `poll_seconds`, until the block ends."""
    task = asyncio.create_task(_end_cancelled(store, writer, clock, settings))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def pause_at_start(writer: WriterClient, *, clock: Clock) -> None:
    """Pause the whole server, until somebody unpauses it. Raises StoreError."""
    now = clock.now()
    operation = SetPause(scope="server", is_paused=True, who=WHO, reason=_REASON, now=now)
    note = AuditNote(who=WHO, action="pause", subject="server", reason=_REASON, now=now)
    await writer.write(Audited(note=note, operation=operation))
    log.warning("the server is paused: runs are accepted and none starts until it is unpaused")


async def _end_cancelled(store: Store, writer: WriterClient, clock: Clock, settings: Settings) -> None:
    while True:
        try:
            await end_cancelled(store, writer, clock=clock, grace_seconds=settings.cancel_grace_seconds)
        except (StoreError, SQLAlchemyError, InboxFullError, OSError) as error:
            log.warning("cancels could not be looked for, trying again", error=str(error))
        except pykka.ActorDeadError:
            return  # the process ends
        await asyncio.sleep(settings.poll_seconds)
