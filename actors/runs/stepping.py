"""What a run works out between two commits with user code: the fold of a step, and the run's result. On a user thread."""

from __future__ import annotations

from functools import partial

import orjson

from actors.host.tools import HostTools
from actors.runs.encoding import output_json
from fastgraph.database.records import ClaimedRun
from fastgraph.execution.checkpoint import StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.ids import checkpoint_id

__all__ = ["advance", "graph_result", "update_result"]


async def advance(graph: CompiledGraph, tools: HostTools, machine: Machine) -> StepCommit:
    """Fold the step's writes and lead on from it. Raises what reducers raise, and InvalidUpdateError."""
    folded = None
    if machine.needs_fold:
        folded = await tools.call_user(partial(graph.state.fold_work, machine.fold_work()))
    return machine.advance(folded)


async def graph_result(graph: CompiledGraph, tools: HostTools, machine: Machine) -> bytes | None:
    """Return what the graph gives of its last state."""
    values = machine.checkpoint.values
    if graph.plan.channel_keys:
        values = await tools.call_user(partial(graph.state.see, values))
    return output_json(graph, values)


def update_result(claimed: ClaimedRun, machine: Machine) -> bytes:
    """Return what a run gives that has changed its thread's state, and that was all."""
    return orjson.dumps({"checkpoint_id": checkpoint_id(claimed.thread_key, machine.checkpoint.number)})
