"""How others write: an operation goes in, its answer comes back, without a Pykka future in between.

Any number of loops and threads share one client. An answer means that the operation is committed. An operation that was
accepted is written also when the caller gives up on it; to know then, read the store.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from asyncio import _get_running_loop
from typing import Any

import pykka

from actors.runtime.errors import AskTimeoutError, WouldBlockLoopError
from actors.writer.inbox import WriterInbox
from actors.writer.messages import AnswerSlot, WriteOperation, WriteRequest
from actors.writer.writer import Writer

__all__ = ["WriterClient"]


class WriterClient:
    """Wraps the reference of a Writer."""

    def __init__(self, ref: pykka.ActorRef[Writer]) -> None:
        inbox = ref.actor_inbox
        assert isinstance(inbox, WriterInbox), f"{ref} is no Writer"
        self._inbox = inbox

    async def write(self, operation: WriteOperation) -> Any:
        """Write an operation and await its answer.

        Raises the operation's error, InboxFullError, or ActorGoneError (then it was not accepted, or died unwritten
        with the Writer). A caller that is cancelled does not take its operation back.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._submit(operation, future)
        return await future

    def write_blocking(self, operation: WriteOperation, timeout_seconds: float | None = None) -> Any:
        """Do as `write` does and block the calling thread.

        Raises AskTimeoutError after `timeout_seconds` (None: no limit), and WouldBlockLoopError where a loop runs.
        """
        if _get_running_loop() is not None:
            raise WouldBlockLoopError("write_blocking()", "`await write(…)`")
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._submit(operation, future)
        # Waiting apart from reading: an operation's own TimeoutError must not pass for ours.
        if timeout_seconds is not None and not concurrent.futures.wait([future], timeout_seconds).done:
            raise AskTimeoutError("Writer", type(operation).__name__, timeout_seconds)
        return future.result()

    def _submit(self, operation: WriteOperation, slot: AnswerSlot) -> None:
        self._inbox.submit(
            WriteRequest(
                operation=operation, slot=slot, size_bytes=operation.size_bytes, put_at=time.monotonic()
            )
        )
