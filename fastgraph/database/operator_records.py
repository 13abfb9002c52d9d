"""What operators ask for, and what hosts answer: operations of the Writer.

The same rules as in `records.py`. None of them touches a row of `runs`, but for `ReleaseRun`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["AskHost", "FinishHostCommand", "ReleaseRun", "ReportActors", "WatchActors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHost:
    """Put a command to a host; it consumes it within about a second. ConflictError where the boot is over, NotFoundError
    where it is unknown. Answers the command's id."""

    command_id: str
    boot_id: str
    kind: str
    subject: str
    reason: str | None
    requested_by: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishHostCommand:
    """A host has done what it was asked, or says why not. Answers False where that is written already."""

    command_id: str
    outcome: str
    answer: str | None
    now: datetime
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 200 + len(self.answer or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchActors:
    """Somebody looks at a part of a host's actors from now on (database time). What nobody looks at any more is
    deleted on the way. Answers True."""

    boot_ids: tuple[str, ...]
    subtree: str
    first: int
    watch_seconds: float
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportActors:
    """A host answers a watch; `report` is a JSON object. Answers False where nobody looks any more."""

    boot_id: str
    subtree: str
    first: int
    report: bytes
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 200 + len(self.report)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRun:
    """Take a run from whoever has it (owner NULL, epoch + 1) and forget its deaths, so that the next host takes it up
    from its last checkpoint. Answers a Committed; ConflictError where it has ended."""

    run_id: str
    reason: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300
