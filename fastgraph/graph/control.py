"""`RunControl`: how whoever started a run asks it to stop between two steps."""

from __future__ import annotations

__all__ = ["RunControl"]


class RunControl:
    """Handed to one `invoke` or `stream` by `control=`, and to its nodes as `runtime.control`; make a new one for each run.

    After `request_drain` the run's step is finished and saved, then GraphDrained is raised; `invoke(None, …)` on the
    thread goes on from there. A run whose last step that was ends as ever. May be called from any thread.
    """

    __slots__ = ("_reason",)

    def __init__(self) -> None:
        self._reason: str | None = None

    def request_drain(self, reason: str = "shutdown") -> None:
        """Ask the run to stop at the end of its step; it can't be taken back."""
        self._reason = reason

    @property
    def drain_requested(self) -> bool:
        """Whether the run was asked to stop."""
        return self._reason is not None

    @property
    def drain_reason(self) -> str | None:
        """Why it was asked to, or None where it was not."""
        return self._reason
