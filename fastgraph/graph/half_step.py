"""The values of a step that is half done: what finished tasks wrote is shown on top of the checkpoint, and not applied.

So a thread that waits shows what has happened. Runs reducers and channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.routing import Choice, route
from fastgraph.execution.tasks import Task, TaskResult
from fastgraph.execution.updates import apply_writes, group_writes
from fastgraph.graph.layers import add_layers
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["with_finished"]


def with_finished(
    graph: CompiledGraph,
    checkpoint: Checkpoint,
    tasks: Sequence[Task],
    results: Mapping[str, TaskResult],
    *,
    is_snapshot: bool = False,
) -> Mapping[str, StoredValue]:
    """Return the checkpoint's values with what the finished ones of its tasks, given in path order, wrote.

    With `is_snapshot` as `get_state` shows them: nothing of what lives for one step, and all that shows itself at the
    end, because for LangGraph nobody comes after a state that is looked at.
    """
    finished = [(task, results[task.id]) for task in tasks if task.id in results]
    values, plan = checkpoint.values, graph.plan
    if not finished:
        return values
    if plan.regions is not None:
        return add_layers(
            plan, graph.state, [((result.task_id, result.writes),) for _, result in finished], values
        )
    writes = group_writes((result.task_id, result.writes) for _, result in finished)
    is_last = is_snapshot or (bool(plan.channel_keys) and _leads_nowhere(graph, checkpoint, finished))
    folded = graph.state.fold(writes, values, is_last=is_last)
    shown = apply_writes(plan, values, writes, folded)[0]
    if is_snapshot and plan.cleared_keys:
        return {key: value for key, value in shown.items() if key not in plan.cleared_keys}
    return shown


def _leads_nowhere(
    graph: CompiledGraph, checkpoint: Checkpoint, finished: Iterable[tuple[Task, TaskResult]]
) -> bool:
    choices = [Choice(task.node, result.goto, result.sends) for task, result in finished]
    try:
        return route(graph.plan, choices, checkpoint.joins, checkpoint.deferred).is_finish
    except InvalidUpdateError:
        return False  # a strict graph will say so when the step is done
