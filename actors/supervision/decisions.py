"""What a supervisor decides, as pure functions of history and now; actors only carry it out.

The numbers are OTP's ideas with our values (DESIGN section 4): backoff 0.2 to 60 s with jitter, five deaths in 60 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

__all__ = ["Backoff", "Intensity", "backoff_seconds", "is_too_intense"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before a restart; `jitter` is the part of the wait that is left to chance."""

    first_seconds: float = 0.2
    last_seconds: float = 60.0
    factor: float = 2.0
    jitter: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """How many deaths in how many seconds are too many."""

    deaths: int = 5
    seconds: float = 60.0


def backoff_seconds(deaths: int, backoff: Backoff, random: Random) -> float:
    """Return the wait before the restart after death number `deaths` in a row (1 is the first)."""
    steady = min(backoff.last_seconds, backoff.first_seconds * backoff.factor ** min(max(deaths - 1, 0), 64))
    return steady * (1.0 - backoff.jitter * random.random())


def is_too_intense(deaths: Iterable[float], now: float, intensity: Intensity) -> bool:
    """Say whether the deaths (monotonic seconds) within the window before now are too many."""
    return sum(1 for moment in deaths if now - moment <= intensity.seconds) >= intensity.deaths
