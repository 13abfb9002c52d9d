"""What health shows of an actor: a snapshot that costs its owner nothing.

Reports are read from any thread without a lock, from counters that the inbox keeps anyway; numbers of one report may
be a message apart from each other. A report names message classes and never holds a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import pykka

__all__ = ["ActorReport", "ActorState", "ChildReport", "ChildState", "Reporting", "report_of"]


class ActorState(StrEnum):
    """What an actor does at this moment."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    STOPPED = "stopped"


class ChildState(StrEnum):
    """What a supervisor thinks of a child."""

    RUNNING = "running"
    WAITING = "waiting"  # for the end of its backoff
    STOPPING = "stopping"
    GIVEN_UP = "given_up"  # it died too often


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorReport:
    """One actor at one moment. Ages are in seconds; None where there is nothing to be that old."""

    urn: str
    name: str
    state: ActorState
    depth: int
    capacity: int
    high_water: int
    oldest_age_seconds: float | None
    processed: int
    refused: int
    current_message: str | None
    current_age_seconds: float | None
    timings: tuple[int, ...] = ()
    """How many messages took how long; see `timings.py`."""
    busy_seconds: float = 0.0
    error: str | None = None
    children: tuple[ChildReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildReport:
    """One child of a supervisor; `actor` is None while there is no living one. `generation` counts its lives."""

    key: str
    state: ChildState
    generation: int
    deaths: int
    restart_in_seconds: float | None
    last_reason: str | None
    actor: ActorReport | None
    deaths_in_window: int = 0
    last_died_at: datetime | None = None


@runtime_checkable
class Reporting(Protocol):
    """An inbox that can say how its actor is. Any thread."""

    def report(self) -> ActorReport: ...


def report_of(ref: pykka.ActorRef[Any]) -> ActorReport | None:
    """Read the report of an actor from any thread; None for a kind of actor that keeps none."""
    inbox = ref.actor_inbox
    return inbox.report() if isinstance(inbox, Reporting) else None
