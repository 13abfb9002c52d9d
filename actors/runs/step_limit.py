"""How long a step of a run may take: the graph's `step_timeout`, counted from the first task that starts in it.

A step that waits for people, signals or children has no clock: it begins anew when a task starts again, as the step of the
next `invoke` does in process.
"""

from __future__ import annotations

from actors.runs.messages import StepOverdue
from actors.runs.outlet import Outlet
from actors.runs.situation import Situation

__all__ = ["StepLimit", "step_timed_out"]


def step_timed_out() -> TimeoutError:
    """Return the error of a step that took too long, the same as in process."""
    return TimeoutError("The step did not end within the graph's step_timeout.")


class StepLimit:
    """Of one run. Actors' loop only."""

    def __init__(self, seconds: float | None, outlet: Outlet) -> None:
        self._seconds = seconds
        self._outlet = outlet
        self._watched: int | None = None

    def begin(self, situation: Situation) -> None:
        """Tasks of the step are about to start."""
        number = situation.machine.checkpoint.number
        if self._seconds is not None and self._watched != number:
            self._watched = number
            self._outlet.later(self._seconds, StepOverdue(number=number))

    def is_passed(self, situation: Situation, message: StepOverdue) -> bool:
        """Say whether the step that was watched is still being done."""
        if message.number != situation.machine.checkpoint.number or situation.ending is not None:
            return False
        is_busy = bool(situation.jobs or situation.retry_at)
        if not is_busy:
            self._watched = None
        return is_busy
