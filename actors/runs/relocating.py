"""A run that meets another version of its workflow: does it fit, and what takes the place of what is gone.

A relocation belongs to the checkpoint at which the run was migrated. It is applied whenever that checkpoint is read; the
next one is a snapshot in the new version's words, and needs it no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson

from fastgraph.database.records import ClaimedRun
from fastgraph.errors import FastGraphError
from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.fitting import Relocation, find_misfits
from fastgraph.execution.stored import MachineFacts
from fastgraph.execution.tasks import DueTask
from fastgraph.graph.compiled import CompiledGraph

__all__ = ["UnfitError", "check_fits", "read_relocation", "relocate_facts", "relocate_values"]


class UnfitError(FastGraphError):
    """The run does not fit the workflow that this host has; it is held until another host or a migration takes it on."""


def read_relocation(claimed: ClaimedRun) -> Relocation | None:
    """Return what a migration said of the run's last checkpoint, or None."""
    if claimed.migration is None:
        return None
    told = orjson.loads(claimed.migration)
    if told["checkpoint"] != claimed.checkpoint_number:
        return None
    return Relocation(nodes=told.get("nodes", {}), keys=told.get("keys", {}))


def relocate_facts(facts: MachineFacts, relocation: Relocation) -> MachineFacts:
    """Put due, waiting and finished nodes in the new version's words; dropped ones are left out."""
    return replace(
        facts,
        due=_relocate_tasks(facts.due, relocation),
        deferred=_relocate_tasks(facts.deferred, relocation),
        finished=tuple(place for name in facts.finished if (place := relocation.node(name)) is not None),
    )


def relocate_values(values: Mapping[str, bytes], relocation: Relocation) -> dict[str, bytes]:
    """Put the keys of a stored state in the new version's words."""
    moved = ((relocation.key(name), data) for name, data in values.items())
    return {name: data for name, data in moved if name is not None}


def check_fits(claimed: ClaimedRun, graph: CompiledGraph, checkpoint: Checkpoint) -> None:
    """Raise UnfitError where the run would execute a node, or holds a key, that this host's version does not have."""
    is_same = claimed.graph_hash == graph.graph_hash
    misfits = find_misfits(
        workflow=graph.name,
        due=[task.node for task in (*checkpoint.due, *checkpoint.deferred)],
        held=() if is_same else checkpoint.values,
        nodes=graph.plan.nodes,
        keys=graph.state.key_types,
    )
    if misfits:
        raise UnfitError(
            f"{misfits[0].sentence} Bring it back, or move the run to what you have now: fastgraph workflows migrate "
            f"{graph.name} --run {claimed.run_id}."
        )


def _relocate_tasks(tasks: tuple[DueTask, ...], relocation: Relocation) -> tuple[DueTask, ...]:
    moved = ((relocation.node(task.node), task) for task in tasks)
    return tuple(replace(task, node=place) for place, task in moved if place is not None)
