"""What a supervisor hears about its children, on the control lane, and what it tells its owner. No logic here."""

from __future__ import annotations

from dataclasses import dataclass

from actors.runtime.messages import ControlMessage, DownReason

__all__ = ["ChildDown", "Escalation", "RestartChild"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDown(ControlMessage):
    """A child has ended. `generation` counts the lives of this key; an older one than the current is old news."""

    key: str
    generation: int
    reason: DownReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartChild(ControlMessage):
    """The backoff after the death of this generation is over."""

    key: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A child died too often: it is not started again, and whoever owns the supervisor decides what that means."""

    key: str
    reason: DownReason
    deaths: int
