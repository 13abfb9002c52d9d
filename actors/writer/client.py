"""How others write: an operation goes in, its answer comes back, without a Pykka future in between.

Answers for one loop come back with one wake-up for the whole group.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pykka
from pykka._envelope import Envelope

from actors.runtime.loop_bridge import LoopBridge
from actors.writer.messages import WriteOperation, WriteRequest
from actors.writer.writer import Writer

__all__ = ["WriterClient"]


class WriterClient:
    """Any number of loops and threads may share one."""

    def __init__(self, ref: pykka.ActorRef[Writer]) -> None:
        self._inbox = ref.actor_inbox
        self._bridges: dict[asyncio.AbstractEventLoop, LoopBridge] = {}

    async def write(self, operation: WriteOperation) -> Any:
        """Write an operation and await its answer. Raises its error, InboxFullError, or ActorDeadError.

        A caller that is cancelled does not take its operation back.
        """
        loop = asyncio.get_running_loop()
        bridge = self._bridges.get(loop)
        if bridge is None:
            bridge = self._bridges[loop] = LoopBridge(loop)
        future: asyncio.Future[Any] = loop.create_future()

        def deliver(answer: Any, error: BaseException | None) -> None:
            bridge.post(_settle, future, answer, error)

        self._inbox.put(Envelope(WriteRequest(operation, deliver)))
        return await future

    def write_blocking(self, operation: WriteOperation, timeout_seconds: float | None = None) -> Any:
        """Do as `write` does and block the calling thread. Raises TimeoutError; the operation may be written yet then."""
        done = threading.Event()
        outcome: list[tuple[Any, BaseException | None]] = []

        def deliver(answer: Any, error: BaseException | None) -> None:
            outcome.append((answer, error))
            done.set()

        self._inbox.put(Envelope(WriteRequest(operation, deliver)))
        if not done.wait(timeout_seconds):
            raise TimeoutError(f"The Writer gave no answer within {timeout_seconds} s.")
        answer, error = outcome[0]
        if error is not None:
            raise error
        return answer


def _settle(future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(answer)
    elif isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.set_exception(RuntimeError(f"The Writer was stopped by {type(error).__name__}: {error}"))
