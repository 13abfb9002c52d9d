"""A checkpoint, and the commit that leads to the next one.

The machine is handed a `Checkpoint` and answers with a `StepCommit`; storing is somebody else's work. Number 0 is the
thread's empty beginning, which is never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from fastgraph.execution.tasks import DueTask
from fastgraph.state.changes import Change
from fastgraph.state.frozen import frozen
from fastgraph.state.values import StoredValue

__all__ = ["EMPTY", "Checkpoint", "KeyChange", "StepCommit", "UnknownTarget"]


@frozen
class Checkpoint:
    """The whole state between two steps of a thread.

    `number` counts the thread's checkpoints from 1; `step` is LangGraph's step number (-1 input, 0 start, 1 first node).
    `due` are the tasks of the next step, `deferred` those that wait until a step triggers nothing else, `joins` the names
    that each join has seen so far, `finished` the nodes whose tasks led here. `passed_breakpoints` are the nodes whose
    static interrupt was already shown for this checkpoint.
    """

    number: int = 0
    step: int = -2
    parent: int | None = None
    values: Mapping[str, StoredValue] = field(default_factory=dict)
    due: tuple[DueTask, ...] = ()
    deferred: tuple[DueTask, ...] = ()
    joins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    finished: tuple[str, ...] = ()
    passed_breakpoints: frozenset[str] = frozenset()


EMPTY = Checkpoint()


class KeyChange(NamedTuple):
    """How one key changed. `from_task` names the task whose write is the very value of the change, so that it need not
    be stored again (a value is stored once); None where reducers made something new, and for input."""

    change: Change
    from_task: str | None = None


class UnknownTarget(NamedTuple):
    """A node chose a target that the graph does not have; it was ignored, as in LangGraph, and is worth a warning."""

    source: str
    target: str


@frozen
class StepCommit:
    """What has to be stored for one step: the next checkpoint and the changes that lead to it.

    `written` are the keys that the step wrote, changed or not. `is_end` says that nothing is due any more; whether the
    run may go on is for the machine to say (breakpoints, the recursion limit). `source` is what made the checkpoint where
    that was no input and no step: "update" or "fork".
    """

    checkpoint: Checkpoint
    changes: Mapping[str, KeyChange]
    is_end: bool
    written: frozenset[str] = frozenset()
    unknown_targets: tuple[UnknownTarget, ...] = ()
    source: str = ""
