"""What the Broadcaster is told and asked. The senders are the feeds of the API process and its hints."""

from __future__ import annotations

from dataclasses import dataclass

from actors.broadcast.session import Session

__all__ = ["Beat", "BroadcastReport", "ReadOn", "Report", "StopSessions", "Unwatch", "Watch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """From a feed, asked: serve this session from now on. Answered with None once every later commit will be offered
    to it, so that what the session reads from the log after the answer joins without a hole; or with the store's error
    where the end of the log could not be read, and then nothing has begun."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatch:
    """From a feed, told: the session is over. Unknown ones are ignored."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOn:
    """From hints, from the slow poll and from itself, told: there may be more in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """From its own clock, told: show the quiet watchers that the connection lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSessions:
    """From the end of the process, told: no watcher may hold it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """From monitoring, asked. Answered by a BroadcastReport."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastReport:
    """How many watch, and how many of them are served from the log just now."""

    sessions: int
    behind: int
    cursor: int
