"""Where time and chance enter the house.

Whatever decides by time is handed a `Clock`; only this module asks the machine for it, so that every decision can be
replayed in a test with a manual clock. Wall time is for people and rows, monotonic time for durations and leases.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "to_rfc3339"]


class Clock(Protocol):
    """The two times that code may ask for."""

    def now(self) -> datetime:
        """Return the wall time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def to_rfc3339(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with microseconds, the form of every time in JSON.

    The width never varies, so that the texts sort as the times do.

    >>> to_rfc3339(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
