"""What a supervisor knows of a child before it exists: its numbers stand here, in one place that a reader sees whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pykka

from actors.supervision.decisions import Backoff, Intensity, Restart

__all__ = ["SHUTDOWN_TIMEOUT_SECONDS", "ChildSpec"]

SHUTDOWN_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A child by the name `key`, started by `factory` on the supervisor's loop, first and after each death.

    After `shutdown_timeout_seconds` a child that was asked to stop is killed, where its kind can be.
    """

    key: str
    factory: Callable[[], pykka.ActorRef[Any]]
    restart: Restart = Restart.PERMANENT
    backoff: Backoff = field(default_factory=Backoff)
    intensity: Intensity = field(default_factory=Intensity)
    shutdown_timeout_seconds: float = SHUTDOWN_TIMEOUT_SECONDS
