"""A checkpoint, and the commit that leads to the next one.

The machine is handed a `Checkpoint` and answers with a `StepCommit`; storing is somebody else's work. Number 0 is the
thread's empty beginning, which is never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastgraph.execution.tasks import DueTask
from fastgraph.state.changes import Change
from fastgraph.state.values import StoredValue

__all__ = ["EMPTY", "Checkpoint", "KeyChange", "StepCommit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The whole state between two steps of a thread.

    `number` counts the thread's checkpoints from 1; `step` is LangGraph's step number (-1 input, 0 start, 1 first node).
    `due` are the tasks of the next step, `joins` the names that each join has seen so far. `passed_breakpoints` are the
    nodes whose static interrupt was already shown for this checkpoint.
    """

    number: int = 0
    step: int = -2
    parent: int | None = None
    values: Mapping[str, StoredValue] = field(default_factory=dict)
    due: tuple[DueTask, ...] = ()
    joins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    passed_breakpoints: frozenset[str] = frozenset()


EMPTY = Checkpoint()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """How one key changed. `from_task` names the task whose write is the very value of the change, so that it need not
    be stored again (a value is stored once); None where reducers made something new."""

    change: Change
    from_task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCommit:
    """What has to be stored for one step: the next checkpoint and the changes that lead to it."""

    checkpoint: Checkpoint
    changes: Mapping[str, KeyChange]
    is_end: bool
