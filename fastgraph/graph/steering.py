"""Where a thread stands with what came from outside: Commands that were given while a step was pending.

They are kept beside the checkpoint that they met (`Pending.steers`) and applied whenever it is taken up or looked at, so
that a stored checkpoint is never written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.base import SavedCheckpoint, ThreadLog
from fastgraph.execution.checkpoint import Checkpoint, KeyChange, StepCommit, UnknownTarget
from fastgraph.execution.plan import START
from fastgraph.execution.start import steer
from fastgraph.execution.tasks import TaskResult
from fastgraph.execution.updates import group_writes
from fastgraph.ids import checkpoint_id, parse_checkpoint_id, task_id
from fastgraph.state.changes import Change

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["apply_steers", "find_saved", "parse_number", "start_task_id"]


def find_saved(log: ThreadLog, name: Any) -> tuple[SavedCheckpoint | None, int]:
    """Return the checkpoint of that name (None: the newest), or None, and the number of the newest one."""
    if name is None:
        saved = log.find_latest()
        return saved, saved.checkpoint.number if saved else 0
    number = parse_number(name, log.key)
    return log.find(number) if number else None, log.find_latest_number()


def parse_number(name: Any, log_key: int) -> int:
    """Return the number in a checkpoint's name; 0 where the name is not of that log."""
    try:
        key, number = parse_checkpoint_id(str(name))
    except ValueError:
        return 0
    return number if key == log_key else 0


def start_task_id(thread_key: int, entry: Checkpoint, namespace: str) -> str:
    """Name the task `__start__` of a checkpoint that an input made."""
    return task_id(checkpoint_id(thread_key, entry.number), namespace, entry.step + 1, START, f"pull:{START}")


def apply_steers(graph: CompiledGraph, checkpoint: Checkpoint, steers: Sequence[TaskResult]) -> StepCommit:
    """Apply Commands to the checkpoint that they met, in order; the commit has what they changed together. User code."""
    changes: dict[str, KeyChange] = {}
    unknown: tuple[UnknownTarget, ...] = ()
    for told in steers:
        folded = graph.state.fold(group_writes([(None, told.writes)]), checkpoint.values, is_step=False)
        commit = steer(graph.plan, checkpoint, told.writes, folded, goto=told.goto, sends=told.sends)
        checkpoint = commit.checkpoint
        for key, change in commit.changes.items():
            is_second = key in changes and key in checkpoint.values
            changes[key] = KeyChange(change=Change.set_to(checkpoint.values[key])) if is_second else change
        unknown += commit.unknown_targets
    return StepCommit(
        checkpoint=checkpoint, changes=changes, is_end=not checkpoint.due, unknown_targets=unknown
    )
