"""What operators see of a run's actor beside its mailbox: its epoch, checkpoint, tasks and deaths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pykka

from actors.executors.executor import Job
from actors.runs.history import LastDeath
from fastgraph.database.records import ClaimedRun
from fastgraph.graph.compiled import CompiledGraph

__all__ = ["RunLook", "describe_job", "executor_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLook:
    """One active run: its claim, its actor, and how often that died here."""

    claimed: ClaimedRun
    ref: pykka.ActorRef[Any]
    deaths: int
    deaths_in_window: int
    last_death: LastDeath | None


def executor_of(graph: CompiledGraph, node: str) -> str:
    """Say what executes a node: a process, a loop or a thread."""
    if graph.runs_in_process(node):
        return "process"
    return "loop" if graph.runs_on_loop(node) else "thread"


def describe_job(job: Job, *, executor: str, now: float, is_abandoned: bool) -> dict[str, Any]:
    """Return a running task in the shape of the API's `RunningTask`; `now` is monotonic."""
    task = job.call.task
    return {
        "run_id": job.call.services.run_id,
        "node": task.node,
        "task_id": task.id,
        "attempt": job.call.attempt,
        "executor": executor,
        "seconds": None if job.started_at is None else round(now - job.started_at, 3),
        "is_abandoned": is_abandoned,
    }
