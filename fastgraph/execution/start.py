"""How a run begins: new input on a thread becomes the thread's next checkpoint.

LangGraph stores two checkpoints for an input, step -1 with the input and step 0 with START's edges taken. Here they are
one checkpoint of step 0, because nothing can happen between them. Only where START has routers (user code, which runs
as a task) the checkpoint keeps step -1 and has the task `__start__` due; what it chooses leads to step 0.

What an earlier input left undone (interrupted or failed tasks) is dropped, as in LangGraph; the values, what joins have
seen and deferred nodes stay.
"""

from __future__ import annotations

from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.fold import FoldWork
from fastgraph.execution.plan import START, GraphPlan
from fastgraph.execution.routing import Choice, Route, route
from fastgraph.execution.tasks import DueTask, Folded, TaskKind, Write
from fastgraph.execution.updates import apply_writes, group_writes, make_fold_work

__all__ = ["input_fold_work", "start"]


def input_fold_work(plan: GraphPlan, checkpoint: Checkpoint, input_writes: tuple[Write, ...]) -> FoldWork:
    """Return what reducers have to do with an input before `start`; empty where it needs none."""
    return make_fold_work(plan, checkpoint.values, group_writes([(None, input_writes)]))


def start(
    plan: GraphPlan, checkpoint: Checkpoint, input_writes: tuple[Write, ...], folded: Folded | None = None
) -> StepCommit:
    """Apply an input to the thread's last checkpoint (`EMPTY` for a new thread) and take START's edges.

    `folded` is what `run_fold` made of `input_fold_work`; it may be None where that was empty.
    """
    writes = group_writes([(None, input_writes)])
    values, changes = apply_writes(plan, checkpoint.values, writes, folded)
    has_routers = plan.nodes[START].has_routers
    way = _before_routers(checkpoint) if has_routers else _take_edges(plan, checkpoint)
    after = Checkpoint(
        number=checkpoint.number + 1,
        step=checkpoint.step + (1 if has_routers else 2),
        parent=checkpoint.number or None,
        values=values,
        due=way.due,
        deferred=way.deferred,
        joins=way.joins,
        finished=() if has_routers else (START,),
    )
    return StepCommit(checkpoint=after, changes=changes, is_end=not way.due, written=frozenset(writes))


def _before_routers(checkpoint: Checkpoint) -> Route:
    task = DueTask(node=START, kind=TaskKind.PULL, triggers=(START,))
    return Route((task,), checkpoint.deferred, checkpoint.joins, ())


def _take_edges(plan: GraphPlan, checkpoint: Checkpoint) -> Route:
    return route(plan, [Choice(START)], checkpoint.joins, checkpoint.deferred)
