"""Steps that nobody sees: a run of `invoke` without a saver is asked for its last values, and for nothing on the way.

Of such a run the session does the steps of one task in a loop of their own: they are stored nowhere and shown to nobody,
so what would be stored or shown is not made. The machine, the task and what is told of keys and targets that do not exist
are the same, so are the ids; `tests/property/test_unseen_steps.py` has the same graphs done both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from fastgraph.checkpoint.base import ThreadLog
from fastgraph.checkpoint.memory import ForgetfulThread
from fastgraph.errors import GraphDrained
from fastgraph.execution.checkpoint import StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import Task, TaskResult
from fastgraph.in_process.crews import Crew, Ended, ThreadCrew
from fastgraph.in_process.options import RunOptions

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["NO_STEPS", "Stretch", "do_unseen", "find_lane"]


class Stretch(NamedTuple):
    """Steps that were done: the last one's commit, that of the last which wrote something to show, and the task that ended
    without a result, whose step is not over; None where there is none of it."""

    commit: StepCommit | None
    shown: StepCommit | None
    ended: Ended | None


NO_STEPS = Stretch(None, None, None)


def find_lane(graph: CompiledGraph, options: RunOptions, log: ThreadLog, crew: Crew) -> ThreadCrew | None:
    """Return the crew where a run's steps of one task are seen by nobody; None where somebody may see them."""
    if not isinstance(crew, ThreadCrew) or type(log) is not ForgetfulThread or not options.is_whole:
        return None
    has_more = options.nesting or options.is_live or options.interrupt_before or options.interrupt_after
    if (
        has_more
        or graph.cache is not None
        or graph.plan.regions is not None
        or graph.step_timeout is not None
    ):
        return None
    return crew


def do_unseen(
    machine: Machine,
    options: RunOptions,
    execute: Callable[[Task], Ended],
    advance: Callable[[], StepCommit],
) -> Stretch:
    """Do the steps that have one task, until one has not or its task ends without a result.

    `execute` runs a task and `advance` goes to the next checkpoint; both may raise, and what they raise ends the run.
    Raises GraphRecursionError and GraphDrained, too.
    """
    control, keys = options.control, options.output_keys
    commit: StepCommit | None = None
    shown: StepCommit | None = None
    while len(machine.tasks) == 1 and len(tasks := machine.open_tasks) == 1:
        machine.check_steps()
        if control.drain_requested:
            raise GraphDrained(control.drain_reason or "shutdown")
        ended = execute(tasks[0])
        if not isinstance(ended.ending, TaskResult):
            return Stretch(commit, shown, ended)
        machine.record(ended.ending)
        commit = advance()
        if not commit.written.isdisjoint(keys):
            shown = commit
    return Stretch(commit, shown, None)
