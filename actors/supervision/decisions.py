"""What a supervisor decides, as pure functions of history and now; actors only carry it out.

The numbers are OTP's ideas with our values (DESIGN section 4): backoff 0.2 to 60 s with jitter, forgotten after a healthy
minute; five deaths in 60 s are too many. Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from actors.runtime.messages import DownKind

__all__ = [
    "Backoff",
    "Deaths",
    "Intensity",
    "Restart",
    "Verdict",
    "after_death",
    "backoff_seconds",
    "count_recent",
    "decide",
    "is_too_intense",
]


class Restart(StrEnum):
    """Which ends of a child call for a new one."""

    PERMANENT = "permanent"  # every end
    TRANSIENT = "transient"  # a failure or a kill, not an orderly stop
    TEMPORARY = "temporary"  # none


class Verdict(StrEnum):
    """What a death leads to."""

    RESTART = "restart"
    FORGET = "forget"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before a restart; `jitter` is the part of the wait that is left to chance.

    A child that lived for `healthy_seconds` before it died begins again with the first wait.
    """

    first_seconds: float = 0.2
    last_seconds: float = 60.0
    factor: float = 2.0
    jitter: float = 0.25
    healthy_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """How many deaths in how many seconds are too many."""

    deaths: int = 5
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaths:
    """The history of a child: all deaths, those in a row without a healthy life between, and the recent ones' times."""

    total: int = 0
    in_a_row: int = 0
    recent: tuple[float, ...] = ()


def after_death(
    history: Deaths, *, now: float, lived_seconds: float, backoff: Backoff, intensity: Intensity
) -> Deaths:
    """Return the history with a death at `now` after a life of `lived_seconds`; it never grows beyond the intensity."""
    return Deaths(
        total=history.total + 1,
        in_a_row=1 if lived_seconds >= backoff.healthy_seconds else history.in_a_row + 1,
        recent=(*history.recent, now)[-intensity.deaths :],
    )


def backoff_seconds(deaths: int, backoff: Backoff, random: Random) -> float:
    """Return the wait before the restart after death number `deaths` in a row (1 is the first)."""
    steady = min(backoff.last_seconds, backoff.first_seconds * backoff.factor ** min(max(deaths - 1, 0), 64))
    return steady * (1.0 - backoff.jitter * random.random())


def is_too_intense(deaths: Iterable[float], now: float, intensity: Intensity) -> bool:
    """Say whether the deaths within the window before now are too many."""
    return count_recent(deaths, now, intensity) >= intensity.deaths


def count_recent(deaths: Iterable[float], now: float, intensity: Intensity) -> int:
    """Count the deaths within the window before now."""
    return sum(1 for moment in deaths if now - moment <= intensity.seconds)


def decide(restart: Restart, kind: DownKind, history: Deaths, *, now: float, intensity: Intensity) -> Verdict:
    """Decide what the last death in `history` leads to.

    >>> decide(Restart.TRANSIENT, DownKind.STOPPED, Deaths(total=1), now=0.0, intensity=Intensity())
    <Verdict.FORGET: 'forget'>
    """
    if restart is Restart.TEMPORARY or (restart is Restart.TRANSIENT and kind is DownKind.STOPPED):
        return Verdict.FORGET
    return Verdict.ESCALATE if is_too_intense(history.recent, now, intensity) else Verdict.RESTART
