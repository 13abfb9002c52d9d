"""What the timekeeper is told. No logic here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PausesChanged", "Tick"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PausesChanged:
    """From the host: a hint says that a workflow or the server was paused, or is no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """From the timekeeper's own timer: a second has gone by."""
