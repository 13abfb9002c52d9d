"""What the Writer is told. No logic here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Deliver", "WriteOperation", "WriteRequest"]

Deliver = Callable[[Any, BaseException | None], None]
"""Takes an answer or an error; called in the Writer's thread, must not block or raise."""


class WriteOperation(Protocol):
    """What can be written; `size_bytes` is about what it adds to a transaction."""

    @property
    def size_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """An operation and where its answer goes."""

    operation: WriteOperation
    deliver: Deliver
