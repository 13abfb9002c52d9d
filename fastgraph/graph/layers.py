"""What a task of a dataflow graph sees: its checkpoint with the writes of what led to it, layer by layer.

Runs reducers, so it is called where user code runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fastgraph.execution.plan import GraphPlan
from fastgraph.execution.tasks import Layer
from fastgraph.execution.updates import group_writes, needs_fold, put_writes
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.state_access import StateAccess
    from fastgraph.graph.task_call import TaskCall

__all__ = ["add_layers", "see_layers"]


def see_layers(call: TaskCall) -> TaskCall:
    """Return the call as that of a task like any other, whose checkpoint says all that it sees. Runs reducers."""
    if not call.task.layers:
        return call
    values = add_layers(call.graph.plan, call.graph.state, call.task.layers, call.values)
    return replace(call, task=replace(call.task, layers=()), values=values)


def add_layers(
    plan: GraphPlan, state: StateAccess, layers: Iterable[Layer], values: Mapping[str, StoredValue]
) -> Mapping[str, StoredValue]:
    """Return the values with layers of writes on top, one after the other. Runs reducers."""
    for layer in layers:
        grouped = group_writes(layer)
        if any(len(writes) > 1 and plan.keys[key].kind.is_single for key, writes in grouped.items()):
            # the step fails with this when it ends; until then any of them will do, and always the same
            grouped = {
                key: writes if key in plan.folded_keys else writes[-1:] for key, writes in grouped.items()
            }
        folded = state.fold(grouped, values, is_step=False) if needs_fold(plan, grouped) else None
        values = put_writes(plan, values, grouped, folded, is_step=False)
    return values
