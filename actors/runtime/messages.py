"""What every actor understands besides its own messages, and why an actor ended.

A `ControlMessage` goes ahead of all user messages and is exempt from the inbox's bound: it is for stop and supervision,
so that an actor with ten thousand messages waiting can still be told that its child died. No logic here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ControlMessage", "DownKind", "DownReason"]


class ControlMessage:
    """Base of the messages that take the control lane."""

    __slots__ = ()


class DownKind(StrEnum):
    """How an actor ended."""

    STOPPED = "stopped"  # it was asked to, and its `on_stop` returned
    FAILED = "failed"  # a handler or hook raised
    KILLED = "killed"  # its task was cancelled, or its loop was closed under it


@dataclass(frozen=True, slots=True, kw_only=True)
class DownReason:
    """Why an actor ended; `error` is what it died of, None after an orderly stop."""

    kind: DownKind
    error: BaseException | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {type(self.error).__name__}: {self.error}" if self.error else str(self.kind)
