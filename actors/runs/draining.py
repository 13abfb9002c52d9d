"""When a run is to stop between two steps: its host goes, or somebody inside it asked.

A run that is asked to from inside ends its step and is given back; whichever host is free takes it up from there. That its
host goes is told to its tasks, too: long ones may look at `runtime.drain_requested` and return early.
"""

from __future__ import annotations

from actors.runs.situation import EndKind, RunEnding, Situation
from fastgraph.errors import GraphDrained
from fastgraph.execution.tasks import TaskFailed
from fastgraph.graph.failures import BUBBLES_UP

__all__ = ["HOST_ENDS", "asked_from_inside", "has_drained", "wants_drain"]

HOST_ENDS = RunEnding(kind=EndKind.DRAIN, reason="its host was ended in order")


def wants_drain(situation: Situation) -> bool:
    """Say whether the run asked for it, and nothing else ends it."""
    return situation.ending is None and situation.control.drain_requested


def has_drained(situation: Situation, failed: TaskFailed) -> bool:
    """Say whether a task has not failed, but a graph inside it stopped because the run is to stop."""
    is_drained = failed.error.type == GraphDrained.__name__ and BUBBLES_UP in failed.error.facts
    return is_drained and situation.control.drain_requested


def asked_from_inside(situation: Situation) -> RunEnding:
    """Return the ending of a run that asked for it itself."""
    return RunEnding(kind=EndKind.DRAIN, reason=f"it asked to stop: {situation.control.drain_reason}")
