"""How a run begins: new input on a thread becomes the thread's next checkpoint.

LangGraph stores two checkpoints for an input, step -1 with the input and step 0 with START's edges taken. `start` makes
one checkpoint of step 0 of them, because nothing can happen between; `admit` makes the first one for logs that keep it.
Only where START has routers (user code, which runs as a task) the checkpoint of `start` has step -1 and the task
`__start__` due; what it chooses leads to step 0.

What an earlier input left undone (interrupted or failed tasks) is dropped, as in LangGraph; the values, what joins have
seen and deferred nodes stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastgraph.execution.checkpoint import Checkpoint, KeyChange, StepCommit
from fastgraph.execution.fold import FoldWork
from fastgraph.execution.plan import END, START, GraphPlan
from fastgraph.execution.routing import INPUT, Choice, Route, route
from fastgraph.execution.tasks import DueTask, Folded, SendWrite, TaskKind, Write
from fastgraph.execution.updates import apply_writes, find_updated, group_writes, make_fold_work
from fastgraph.state.changes import Change
from fastgraph.state.values import StoredValue

__all__ = ["admit", "input_fold_work", "merge_due", "start", "steer"]


def admit(
    plan: GraphPlan,
    checkpoint: Checkpoint,
    *,
    number: int,
    extra: StoredValue | None = None,
    is_input: bool = False,
) -> tuple[Checkpoint, Mapping[str, KeyChange]]:
    """Return the checkpoint before an input is applied, with START due, and the changes that lead to it.

    A log that shows its history as LangGraph does keeps it; `start` then goes on from it. Where an input (`is_input`)
    drops what was due, that counts as a step, which keys that live for one step do not outlive.
    """
    is_dropping = is_input and bool(checkpoint.due)
    values, changes = apply_writes(plan, checkpoint.values, {}, None, is_step=is_dropping)
    values, changes = _add_start_values(plan, values, changes)
    way = _before_routers(checkpoint, extra)
    entry = Checkpoint(
        number=number,
        step=checkpoint.step + 1,
        parent=checkpoint.number or None,
        values=values,
        due=way.due,
        deferred=way.deferred,
        joins=way.joins,
    )
    return entry, changes


def input_fold_work(plan: GraphPlan, checkpoint: Checkpoint, input_writes: tuple[Write, ...]) -> FoldWork:
    """Return what reducers have to do with an input before `start`; empty where it needs none."""
    return make_fold_work(plan, checkpoint.values, group_writes([(None, input_writes)]))


def start(
    plan: GraphPlan,
    checkpoint: Checkpoint,
    input_writes: tuple[Write, ...],
    folded: Folded | None = None,
    *,
    extra: StoredValue | None = None,
    source: str | None = None,
) -> StepCommit:
    """Apply an input to the thread's last checkpoint (`EMPTY` for a new thread) and take START's edges.

    `folded` is what `run_fold` made of `input_fold_work`; it may be None where that was empty. `extra` is what the input
    has beside the state's keys: START's routers see it. `source` is the task
    id under which the input's writes are kept, where they are.
    """
    writes = group_writes([(source, input_writes)])
    values, changes = apply_writes(plan, checkpoint.values, writes, folded)
    values, changes = _add_start_values(plan, values, changes)
    has_routers = plan.nodes[START].has_routers
    way = _before_routers(checkpoint, extra) if has_routers else _take_edges(plan, checkpoint)
    after = Checkpoint(
        number=checkpoint.number + 1,
        step=checkpoint.step + (1 if has_routers or plan.begins_directly else 2),
        parent=checkpoint.number or None,
        values=values,
        due=way.due,
        deferred=way.deferred,
        joins=way.joins,
        finished=() if has_routers else (START,),
    )
    return StepCommit(
        checkpoint=after,
        changes=changes,
        is_end=not way.due,
        written=find_updated(plan, writes, values, folded),
    )


def steer(
    plan: GraphPlan,
    checkpoint: Checkpoint,
    writes: tuple[Write, ...],
    folded: Folded | None = None,
    *,
    goto: tuple[str, ...] = (),
    sends: tuple[SendWrite, ...] = (),
) -> StepCommit:
    """Apply a Command from outside to a checkpoint in its place: an update, and tasks beside those that are due.

    Number and step stay, so do the ids of its tasks and what is recorded of them. END among the targets is ignored.
    """
    grouped = group_writes([(None, writes)])
    values, changes = apply_writes(plan, checkpoint.values, grouped, folded, is_step=False)
    way = route(plan, [Choice(INPUT, tuple(name for name in goto if name != END), sends)], checkpoint.joins)
    after = replace(checkpoint, values=values, due=merge_due(checkpoint.due, (*way.due, *way.deferred)))
    return StepCommit(
        checkpoint=after,
        changes=changes,
        is_end=not after.due,
        written=find_updated(plan, grouped, values, folded),
        unknown_targets=way.unknown,
    )


def merge_due(due: tuple[DueTask, ...], more: tuple[DueTask, ...]) -> tuple[DueTask, ...]:
    """Join two sets of due tasks: pulled ones once a node and by name, then Sends in order."""
    pulled: dict[str, DueTask] = {}
    for task in (*due, *more):
        if task.kind is TaskKind.PULL:
            seen = pulled.get(task.node)
            triggers = {*task.triggers, *(seen.triggers if seen else ())}
            pulled[task.node] = replace(task, triggers=tuple(sorted(triggers)))
    pushed = tuple(task for task in (*due, *more) if task.kind is TaskKind.PUSH)
    return (*(pulled[name] for name in sorted(pulled)), *pushed)


def _add_start_values(
    plan: GraphPlan, values: Mapping[str, StoredValue], changes: Mapping[str, KeyChange]
) -> tuple[Mapping[str, StoredValue], Mapping[str, KeyChange]]:
    """Give keys with reducers what they begin with, so that a state read back shows them as LangGraph does."""
    missing = {
        name: key.start_value
        for name, key in plan.keys.items()
        if key.start_value is not None and name not in values
    }
    added = {name: KeyChange(change=Change.set_to(value)) for name, value in missing.items()}
    return {**values, **missing}, {**changes, **added}


def _before_routers(checkpoint: Checkpoint, extra: StoredValue | None) -> Route:
    task = DueTask(node=START, kind=TaskKind.PULL, triggers=(START,), argument=extra)
    return Route((task,), checkpoint.deferred, checkpoint.joins, ())


def _take_edges(plan: GraphPlan, checkpoint: Checkpoint) -> Route:
    way = route(plan, [Choice(START)], checkpoint.joins, checkpoint.deferred)
    if not plan.begins_directly:
        return way
    # an entrypoint's function is due by the input itself
    return way._replace(due=tuple(replace(task, triggers=(START,)) for task in way.due))
