"""What is stored of a checkpoint or a result: all but what untracked keys hold.

The machine goes on with everything; whoever stores takes what these functions leave. Where nothing is untracked they
hand back what they were given.
"""

from __future__ import annotations

from dataclasses import replace

from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.tasks import DueTask, TaskEnding, TaskResult
from fastgraph.state.held import PartlyHeld

__all__ = ["tracked_checkpoint", "tracked_ending"]


def tracked_checkpoint(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint as it is stored."""
    values = {key: value for key, value in checkpoint.values.items() if value.is_tracked}
    return replace(
        checkpoint,
        values=values,
        due=tuple(map(_tracked_task, checkpoint.due)),
        deferred=tuple(map(_tracked_task, checkpoint.deferred)),
    )


def tracked_ending(ending: TaskEnding) -> TaskEnding:
    """Return a task's ending as it is stored."""
    if not isinstance(ending, TaskResult):
        return ending
    return replace(
        ending,
        writes=tuple(write for write in ending.writes if write.value.is_tracked),
        sends=tuple(
            send._replace(argument=send.argument.kept) if isinstance(send.argument, PartlyHeld) else send
            for send in ending.sends
        ),
    )


def _tracked_task(task: DueTask) -> DueTask:
    return replace(task, argument=task.argument.kept) if isinstance(task.argument, PartlyHeld) else task
