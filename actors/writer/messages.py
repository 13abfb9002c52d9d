"""What the Writer is told, and where its answer goes. No logic here."""

from __future__ import annotations

import asyncio
import concurrent.futures
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

__all__ = ["AnswerSlot", "WriteOperation", "WriteRequest"]

AnswerSlot: TypeAlias = asyncio.Future[Any] | concurrent.futures.Future[Any]
"""Of a coroutine's loop, or of a thread that waits: half the price of a Pykka future, and it knows its loop."""


class WriteOperation(Protocol):
    """What can be written; `size_bytes` is about what it adds to a transaction."""

    @property
    def size_bytes(self) -> int: ...


@dataclass(slots=True, kw_only=True)
class WriteRequest:
    """An operation that was accepted at `put_at` (monotonic seconds), and the slot of whoever waits for it."""

    operation: WriteOperation
    slot: AnswerSlot
    size_bytes: int
    put_at: float
