"""Ranks: the place of a run in the queue, as one number that an index knows.

A run that waits rises by one level of priority every AGING_SECONDS. All runs rise at the same pace, so which of two goes
first never changes, and the order can be written down when a run is accepted: the moment of it, moved by its priority.
A run is therefore never overtaken by one that came more than (difference of priorities) x AGING_SECONDS after it, and
nothing starves.
"""

from __future__ import annotations

from fastgraph.database.times import MICROS_A_SECOND

__all__ = ["AGING_SECONDS", "MAX_PRIORITY", "MIN_PRIORITY", "rank_of"]

AGING_SECONDS = 60
MIN_PRIORITY, MAX_PRIORITY = -10, 10


def rank_of(*, accepted_at: int, priority: int) -> int:
    """Return the rank of a run that was accepted at this microsecond; the lowest rank goes first."""
    return accepted_at - priority * AGING_SECONDS * MICROS_A_SECOND
