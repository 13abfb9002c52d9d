"""What a run's flow asks of the actor that it belongs to."""

from __future__ import annotations

from typing import Any, Protocol

from actors.runs.messages import LeaveReason

__all__ = ["Outlet"]


class Outlet(Protocol):
    """What a flow asks of its actor."""

    def later(self, seconds: float, message: Any) -> None:
        """Hear `message` after so long."""
        ...

    def wake_later(self, seconds: float) -> None:
        """Have somebody look for work in so long, when this actor is gone."""
        ...

    def commit_soon(self) -> None:
        """Commit what is drafted in the background."""
        ...

    def leave(self, reason: LeaveReason) -> None:
        """The actor's work is done."""
        ...
