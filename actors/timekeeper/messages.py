"""What the timekeeper is told. No logic here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tick"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """From the timekeeper's own timer: a second has gone by."""
