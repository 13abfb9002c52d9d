"""What a supervisor of runs remembers of actors that are gone: counts, times, and why runs died.

It is told at claims and ends, never at messages, and is bounded: the times of all former run actors are one list of
counts, and of deaths it keeps those that the supervisor still counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pykka

from actors.runtime.inbox import Inbox
from actors.runtime.timings import add_counts, no_counts
from actors.supervision.dead_letters import DeadLetters
from fastgraph.clock import Clock
from fastgraph.database.records import ClaimedRun

__all__ = ["LastDeath", "RunHistory"]

DEATHS_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDeath:
    """Why a run's actor died last, and when."""

    reason: str
    at: datetime


class RunHistory:
    """Belongs to the supervisor's loop; what it tells may be read from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.claims = 0
        self.recoveries = 0
        self.timings = no_counts()
        self.busy_seconds = 0.0
        self._last_deaths: dict[int, LastDeath] = {}
        self._order: deque[int] = deque()

    def claimed(self, run: ClaimedRun, ref: pykka.ActorRef[Any], letters: DeadLetters) -> None:
        """A run was claimed, and has an actor whose dead letters are kept; one that another boot or actor had begun is a
        recovery."""
        if isinstance(ref.actor_inbox, Inbox):
            ref.actor_inbox.letter_sink = letters.lay
        self.claims += 1
        if run.recovered_from is not None:
            self.recoveries += 1

    def gone(self, ref: pykka.ActorRef[Any]) -> None:
        """A run's actor has ended: its times are added to those of the others."""
        inbox = ref.actor_inbox
        if isinstance(inbox, Inbox):
            add_counts(self.timings, inbox.timings)
            self.busy_seconds += inbox.busy_ns / 1e9

    def died(self, run_key: int, reason: str) -> None:
        """A run's actor has died of something."""
        if run_key not in self._last_deaths:
            self._order.append(run_key)
            if len(self._order) > DEATHS_KEPT:
                self._last_deaths.pop(self._order.popleft(), None)
        self._last_deaths[run_key] = LastDeath(reason=reason, at=self._clock.now())

    def last_death(self, run_key: int) -> LastDeath | None:
        """Return a run's last death here, or None."""
        return self._last_deaths.get(run_key)
